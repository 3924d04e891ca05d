// Short messages in a corner: what was done, and what could not be. Their code comes with the first of them.
import { useNotifications } from "@mantine/notifications";
import { lazy, Suspense, useState } from "react";

const Corner = lazy(() => import("./Corner"));

export function Messages() {
  const { notifications } = useNotifications();
  const [isNeeded, setNeeded] = useState(false);
  // It stays once it is there: the last message goes as softly as it came.
  if (notifications.length && !isNeeded) setNeeded(true);
  if (!isNeeded) return null;
  return (
    <Suspense>
      <Corner />
    </Suspense>
  );
}

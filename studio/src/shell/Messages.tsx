// Short messages in a corner: what was done, and what could not be. Their code comes with the first of them.
import { type NotificationData, notifications, useNotifications } from "@mantine/notifications";
import { Suspense, useEffect, useState } from "react";
import { lazyOr } from "@/parts/lazyOr";
import classes from "./Shell.module.css";

const Corner = lazyOr(() => import("./Corner"), PlainCorner);
const SHOWN_MS = 4000;

export function Messages() {
  const { notifications: shown } = useNotifications();
  const [isNeeded, setNeeded] = useState(false);
  // It stays once it is there: the last message goes as softly as it came.
  if (shown.length && !isNeeded) setNeeded(true);
  if (!isNeeded) return null;
  return (
    <Suspense>
      <Corner />
    </Suspense>
  );
}

/** The same messages without the code that moves them: the first of them may say that code cannot be fetched. */
function PlainCorner() {
  const { notifications: shown } = useNotifications();
  return (
    <div className={classes.messages}>
      {shown.map((one) => (
        <PlainMessage key={one.id} data={one} />
      ))}
    </div>
  );
}

function PlainMessage({ data: { id, message } }: { data: NotificationData }) {
  useEffect(() => {
    const timer = setTimeout(() => id && notifications.hide(id), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [id]);
  return <p role="alert">{message}</p>;
}

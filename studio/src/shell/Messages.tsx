// Short messages in a corner: what was done, and what could not be.
import { Notifications } from "@mantine/notifications";
import "@mantine/core/styles/Notification.css";
import "@mantine/notifications/styles.css";

export default function Messages() {
  return <Notifications position="bottom-right" autoClose={4000} />;
}

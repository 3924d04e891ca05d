// The corner of the window in which messages stand.
import { Notifications } from "@mantine/notifications";
import "@mantine/core/styles/Notification.css";
import "@mantine/notifications/styles.css";

export default function Corner() {
  return <Notifications position="bottom-right" autoClose={4000} />;
}

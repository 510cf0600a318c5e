/** One's own queue, which is a room: found over HTTP, followed over its socket, and found anew when it has become a party. */
import { RoomClient } from "../../client/client.js";
import { t } from "../../models/words.js";

/** Before the queue is asked for again, when it could not be had, or was closed to us. */
const AGAIN_MS = 5_000;

/** @param {{session: import("../../models/session.js").Session, api: Function, say: any}} parts */
export function connect({ session, api, say }) {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const client = new RoomClient({ url: "", token: () => session.token(), renewToken: () => session.renew(), reports: true });
  let opening = null;

  async function find() {
    try {
      const { id } = await api("GET", "/api/playlists/queue/");
      client.connection.url = `${scheme}://${location.host}/ws/v1/${id}/`;
      client.place = null;
      client.open();
    } catch (fault) {
      if (fault.status === 401) say.fault(new Error(t("You are not signed in any more. Reload the page, please.")));
      else setTimeout(find, AGAIN_MS);
    }
  }

  client.listen(({ kind }) => {
    const ended = kind === "status" && client.status.phase === "ended";
    const party = client.state !== null && !client.state.personal;
    if (ended) setTimeout(find, party ? 0 : AGAIN_MS);
    else if (kind === "commit" && party) client.connection.close();
  });

  return {
    client,
    open() {
      opening ??= find();
      return opening;
    },
  };
}

/** Says who has paused, skipped or moved the music, and who runs the room from now on. */
import { deedOf } from "../models/deeds.js";
import { toast } from "../helpers/toast.js";

export function bindDeeds({ client }) {
  client.listen(({ kind, commit, before }) => {
    const deed = kind === "commit" && client.state && deedOf(commit, before, client.state, client.you?.id);
    // One at a time: of somebody who seeks to and fro the last word is enough.
    if (deed) toast(deed, { instead: "deed" });
  });
}

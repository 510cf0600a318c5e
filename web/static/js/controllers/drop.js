/** A link or a playlist file that is dropped anywhere on the page, and a link that is pasted where nobody writes. */
import { mediaLink, trackOfLink } from "../models/format.js";
import { t } from "../models/words.js";
import { find, isTyping } from "../helpers/dom.js";
import { toast } from "../helpers/toast.js";

const LIST = /\.(m3u8?|xspf|jspf|json|pls)$/i;
/** Bytes; the server takes no more. */
const MOST = 2 << 20;

/** @param {{api: Function, add: {take: Function, openPlaylist: Function, mayTake: () => boolean}, views: {show: Function}}} parts */
export function bindDrop({ api, add, views }) {
  const sign = find("#drop");
  let over = 0;

  /** Rows of the queue are dragged too; they are no affair of this. */
  const carries = ({ dataTransfer: data }) => Boolean(data) && (data.types.includes("Files") || data.types.includes("text/uri-list"));
  const allowed = (event) => carries(event) && add.mayTake() && !find("dialog[open]") && !isTyping(event);

  function show(on) {
    if (!on) over = 0;
    sign.hidden = !on;
  }

  addEventListener("dragenter", (event) => {
    if (!allowed(event)) return;
    over += 1;
    show(true);
  });
  addEventListener("dragleave", () => {
    over -= 1;
    if (over <= 0) show(false);
  });
  addEventListener("dragover", (event) => {
    if (!allowed(event)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
  });
  addEventListener("drop", (event) => {
    show(false);
    if (!allowed(event)) return;
    event.preventDefault();
    const [file] = event.dataTransfer.files;
    if (file) bring(file);
    else link(event.dataTransfer.getData("text/uri-list").split(/\r?\n/).find((line) => line && !line.startsWith("#")) ?? "");
  });
  document.addEventListener("paste", (event) => {
    if (isTyping(event) || find("dialog[open]") || !add.mayTake()) return;
    link(event.clipboardData?.getData("text/plain") ?? "");
  });

  function link(text) {
    const found = mediaLink(text);
    if (found) add.take([trackOfLink(found)]);
  }

  async function bring(file) {
    if (!LIST.test(file.name)) return toast(t("A playlist file can be dropped here (M3U, XSPF, JSPF). Music itself is added through the library."), { kind: "bad" });
    if (file.size > MOST) return toast(t("This file is too large for a playlist."), { kind: "bad" });
    toast(t("Looking for what is in {name}…", { name: file.name }));
    try {
      const made = await api("POST", "/api/playlists/import/", { body: { text: await file.text(), name: file.name.replace(LIST, "") } });
      views.show("queue");
      add.openPlaylist(made.id, made.name);
      toast(t("Found {found} of {all} songs. They are among your playlists now.", { found: made.added_count, all: made.total }));
    } catch (fault) {
      toast(fault.message, { kind: "bad" });
    }
  }
}

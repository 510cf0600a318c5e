/** Reading a room's QR code with the camera, where the browser knows how (https or localhost only). */
import { roomCode } from "../models/format.js";
import { t } from "../models/words.js";
import { open } from "../helpers/dialog.js";
import { find, setText } from "../helpers/dom.js";

/** Milliseconds between two looks: a look takes 20 to 60 ms on a phone. */
const LOOK_MS = 250;

/** @param {{join: (text: string) => void}} parts */
export async function bindScan({ join }) {
  const button = find("#scan-button");
  const formats = await globalThis.BarcodeDetector?.getSupportedFormats().catch(() => []);
  button.hidden = !formats?.includes("qr_code") || !navigator.mediaDevices?.getUserMedia;
  if (button.hidden) return;

  const dialog = find("#scan");
  const video = find("video", dialog);
  const note = find("[role=status]", dialog);
  const detector = new globalThis.BarcodeDetector({ formats: ["qr_code"] });
  let timer = null;

  button.addEventListener("click", async () => {
    setText(note, t("Hold the code in front of the camera."));
    open(dialog);
    try {
      video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    } catch {
      setText(note, t("The camera cannot be used. Is it allowed for this page?"));
      return;
    }
    // Closed while the browser asked.
    if (!dialog.open) return stop();
    await video.play();
    look();
  });
  dialog.addEventListener("close", stop);

  async function look() {
    const found = await detector.detect(video).catch(() => []);
    const text = found.map(({ rawValue }) => rawValue).find((value) => roomCode(value));
    if (!dialog.open) return;
    if (text) {
      dialog.close();
      join(text);
      return;
    }
    if (found.length > 0) setText(note, t("That is no code of a room."));
    timer = setTimeout(look, LOOK_MS);
  }

  function stop() {
    clearTimeout(timer);
    for (const track of video.srcObject?.getTracks() ?? []) track.stop();
    video.srcObject = null;
  }
}

/** Bringing people in: copy the link, or hand it to another app. */
import { find, setText } from "../helpers/dom.js";
import { toast } from "../helpers/toast.js";
import { t } from "../models/words.js";

export function bindShare({ client }) {
  const field = find("#share-url");
  const copy = find("#copy");
  const web = find("#web-share");

  copy.addEventListener("click", async () => {
    field.select();
    const label = find("span", copy);
    if (await copyText(field)) {
      setText(label, t("Copied"));
      setTimeout(() => setText(label, t("Copy")), 2_000);
    } else {
      toast(t("Press Ctrl+C, or hold the link, to copy it."));
    }
  });
  field.addEventListener("focus", () => field.select());

  web.hidden = !navigator.share;
  web.addEventListener("click", () => {
    const title = client.state?.name ?? "roomd";
    navigator.share({ title, text: t("Listen with me: {title}", { title }), url: field.value }).catch(() => {});
  });
}

/** On plain http there is no clipboard API; the old way still works there. */
async function copyText(field) {
  if (!navigator.clipboard) return document.execCommand("copy");
  return navigator.clipboard.writeText(field.value).then(() => true, () => false);
}

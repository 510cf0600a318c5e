/** The page of all components: nothing on it does anything, but covers are painted as anywhere. */
import { bindSite } from "./controllers/site.js";
import { paintCover } from "./helpers/cover.js";
import { findAll } from "./helpers/dom.js";

bindSite();
for (const cover of findAll(".cover[data-title]")) paintCover(cover, { title: cover.dataset.title });
for (const range of findAll("input[type=range]")) range.style.setProperty("--fill", `${range.value}%`);

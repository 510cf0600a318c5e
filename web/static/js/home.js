/** The front page. */
import { bindCreate, bindJoin } from "./controllers/home-forms.js";
import { bindSite } from "./controllers/site.js";
import { request } from "./helpers/api.js";
import { paintCover } from "./helpers/cover.js";
import { findAll } from "./helpers/dom.js";

const { session, api } = bindSite();
const go = (code) => location.assign(`/r/${code}`);

bindCreate({ session, api, go });
bindJoin({ request, go });
for (const cover of findAll(".room-card .cover:not(.is-empty)")) paintCover(cover, { ...cover.dataset });

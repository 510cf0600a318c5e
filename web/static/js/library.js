/** The library's page: makes its parts, hands them to each other, and goes from view to view. */
import { bindBringAlong } from "./controllers/library/bring-along.js";
import { bindFiles } from "./controllers/library/files.js";
import { bindGate } from "./controllers/library/gate.js";
import { bindHearts } from "./controllers/library/rows.js";
import { bindMenu } from "./controllers/library/menu.js";
import { bindParty } from "./controllers/library/party.js";
import { bindPlay } from "./controllers/library/play.js";
import { bindPlayer } from "./controllers/library/player.js";
import { bindPlaylistForm } from "./controllers/library/playlist-form.js";
import { bindPlaylistSheet } from "./controllers/library/playlist-sheet.js";
import { bindQueueSheet } from "./controllers/library/queue-sheet.js";
import { bindRouter } from "./controllers/library/router.js";
import { bindSearchField } from "./controllers/library/search-field.js";
import { bindShortcuts } from "./controllers/library/shortcuts.js";
import { bindSongMenu } from "./controllers/library/song-menu.js";
import { connect } from "./controllers/library/connect.js";
import { empty } from "./controllers/library/states.js";
import { albumView, artistView, genreView } from "./controllers/library/views/collection.js";
import { chartsView, genresView } from "./controllers/library/views/charts.js";
import { favouritesView, historyView } from "./controllers/library/views/kept.js";
import { homeView } from "./controllers/library/views/home.js";
import { playlistView } from "./controllers/library/views/playlist.js";
import { playlistsView } from "./controllers/library/views/playlists.js";
import { searchView } from "./controllers/library/views/search.js";
import { bindSite } from "./controllers/site.js";
import { bringIntoRow, find, findAll, make, setText } from "./helpers/dom.js";
import { toast } from "./helpers/toast.js";
import { Favourites } from "./models/library/favourites.js";
import { t } from "./models/words.js";

const VIEWS = {
  home: homeView,
  search: searchView,
  artist: artistView,
  album: albumView,
  genre: genreView,
  playlist: playlistView,
  playlists: playlistsView,
  favourites: favouritesView,
  history: historyView,
  charts: chartsView,
  genres: genresView,
};
/** Which part of the library a view belongs to, where that is not its own name. */
const PARTS = { playlist: "playlists", genre: "genres" };

/** How the page speaks: briefly at its edge, or only to who hears it. */
const say = {
  note: (text, does) => toast(text, does ? { does } : {}),
  fault: (fault) => toast(fault.message, { kind: "bad" }),
  news: (text) => setText(find("#library-news"), text),
};

function viewOf(ctx, route) {
  const view = route && VIEWS[route.view];
  if (view) return view(ctx, route);
  const home = make("a", { class: "button", href: "/library/" }, t("To the library"));
  return { title: t("Nothing here"), element: make("div", { class: "lib-view" }, make("h1", { tabindex: "-1" }, t("Library")), empty({ title: t("Nothing here"), actions: [home] })) };
}

function mark(route) {
  const part = PARTS[route?.view] ?? route?.view;
  for (const link of findAll(".lib-nav a")) {
    if (link.dataset.part === part) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
    if (link.dataset.part === part) bringIntoRow(link);
  }
}

function main() {
  const { session, preferences, api, account } = bindSite({ onUser: () => bringAlong().catch(say.fault).then(() => location.reload()) });
  const bringAlong = bindBringAlong({ session, api });
  const { client, open } = connect({ session, api, say });
  /** @type {any} */
  const ctx = { session, preferences, api, say, client };
  ctx.favourites = new Favourites({ api });
  ctx.files = bindFiles(session);
  ctx.hearts = bindHearts(ctx);
  ctx.heart = ctx.hearts.heart;
  ctx.openMenu = bindMenu();
  ctx.play = bindPlay(ctx);
  ctx.router = bindRouter({
    place: find("#view"),
    make: (route) => viewOf(ctx, route),
    shown: (route) => {
      mark(route);
      search.show(route);
      ctx.player.mark();
    },
  });
  ctx.changed = () => ctx.router.forget();
  ctx.toPlaylist = bindPlaylistSheet(ctx);
  ctx.songMenu = bindSongMenu(ctx);
  ctx.playlistForm = bindPlaylistForm(ctx);
  ctx.player = bindPlayer(ctx);
  ctx.queue = bindQueueSheet(ctx);
  const search = bindSearchField(ctx);
  bindParty(ctx);
  bindShortcuts(ctx);
  client.listen(({ kind }) => {
    if (kind === "status") setText(find("#player-status"), lost(client.status) ? t("No connection. It comes back by itself.") : "");
    else if (kind !== "pulse") for (const part of [ctx.player, ctx.queue]) part.render(client.state);
  });
  window.roomd = { client, clock: client.clock, player: ctx.player.deck, state: () => client.state };

  function begin() {
    ctx.favourites.load();
    open();
    ctx.router.start();
  }
  function entered() {
    account.render();
    begin();
  }
  bindGate({ session, entered });
  if (session.user) begin();
}

const lost = ({ phase }) => phase === "waiting";

main();

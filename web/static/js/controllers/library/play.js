/** What is done with songs: played, put into one's queue, added to playlists. All of it says what came of it. */
import { currentEntry, following } from "../../models/queue.js";
import { lots, shuffled } from "../../models/library/load.js";
import { songs as songCount } from "../../models/library/say.js";
import { t } from "../../models/words.js";

const QUEUE = "/api/playlists/queue";

/** @param {{client: import("../../client/client.js").RoomClient, api: Function, say: any}} parts */
export function bindPlay({ client, api, say }) {
  const attempt = (run) => async (...given) => {
    try {
      return await run(...given);
    } catch (fault) {
      if (fault.name !== "AbortError") say.fault(fault);
      return undefined;
    }
  };

  /** What was chosen over HTTP is the current one then; whether it moves is the room's affair. */
  const on = () => !client.state?.playback.playing && client.run("play");

  async function add(ids, at) {
    const tracks = ids.map((source) => ({ source }));
    await client.run("add", { tracks, at });
  }

  /** The queue becomes these songs. */
  async function load(ids, from) {
    const { lots: all, lead } = lots(ids, from);
    if (client.state?.queue.length) await client.run("clear");
    await add(all[0], "end");
    const { queue } = client.state;
    const at = queue.findIndex(({ track }) => track.source === all[0][lead]);
    await client.run("play_entry", { entry: queue[Math.max(at, 0)].id });
    for (const lot of all.slice(1)) await add(lot, "end");
  }

  return {
    song: attempt(async ({ id }) => {
      await api("POST", `${QUEUE}/stream/`, { body: { track_id: id } });
      await on();
    }),
    next: attempt(async ({ id, title }) => {
      await add([id], "next");
      say.note(t("{title} plays next.", { title }));
    }),
    enqueue: attempt(async ({ id, title }) => {
      await add([id], "end");
      say.note(t("{title} is in your queue.", { title }));
    }),
    enqueueAll: attempt(async (songs) => {
      const able = songs.filter(({ playable }) => playable).map(({ id }) => id);
      for (const lot of lots(able).lots) await add(lot, "end");
      say.note(t("Added to your queue: {songs}", { songs: songCount(able.length) }));
    }),
    /** @param {import("../../models/library/song.js").Song[]} songs */
    all: attempt(async (songs, { from = 0, shuffle = false } = {}) => {
      const able = songs.filter(({ playable }) => playable);
      if (able.length === 0) return say.note(t("Nothing of this can be played here."));
      const ids = able.map(({ id }) => id);
      const at = able.indexOf(songs[from]);
      return load(shuffle ? shuffled(ids, Math.random) : ids, shuffle ? 0 : Math.max(at, 0));
    }),
    ids: attempt((ids) => load(shuffled(ids, Math.random), 0)),
    playlist: attempt(async (id, /** @type {{position?: number, shuffle?: boolean}} */ { position, shuffle = false } = {}) => {
      const body = { ...(position !== undefined && { position }), shuffle };
      const { skipped } = await api("POST", `/api/playlists/playlists/${id}/play/`, { body });
      await on();
      if (skipped) say.note(t("Left out, as they cannot be had now: {songs}", { songs: songCount(skipped) }));
    }),
    recommended: attempt(async ({ id }) => {
      await api("POST", "/api/playlists/play-recommendation/", { body: { track_id: id } });
      await on();
    }),
    playOrPause: attempt(async () => {
      if (!client.state) return;
      if (client.state.playback.playing) await client.run("pause");
      else if (currentEntry(client.state) || client.state.queue.length > 0) await client.run("play");
      else await begin();
    }),
    forward: attempt(async () => {
      const entry = client.state?.playback.entry ?? undefined;
      if (client.state && following(client.state)) await client.run("next", { entry });
      else await begin();
    }),
    back: attempt(() => client.run("previous")),
    entry: attempt((entry) => client.run("play_entry", { entry })),
    run: attempt((type, fields) => client.run(type, fields)),
  };

  /** Where nothing is to come the radio is asked. */
  async function begin() {
    try {
      const { current_track: found } = await api("POST", `${QUEUE}/next/`);
      if (found) await on();
      else say.note(t("The radio knows nothing that fits. Choose a song."));
    } catch (fault) {
      if (fault.code !== "nothing_current") throw fault;
      say.note(t("There is nothing to play yet. Choose a song."));
    }
  }
}

/**
 * A stand-in for YouTube's embedded player: it answers the messages of the IFrame Player API as that does, on a clock that is
 * handed to it, with what that costs: messages up to 200 ms late, 0.3 to 0.8 s for a jump, an advertisement, refusals.
 * The page tests/standins/youtube_embed.html runs it in a frame, tests/js/youtube.test.mjs on simulated time.
 *
 * What a video does is in its id: `ad………` shows 3 s of something else first, `forbid…` may not be embedded, `mute…` says
 * nothing at all, `short…` is 6 s long, `single…` has no rate but 1, `touch…` waits for a gesture (`touched`) and says so, `still…`
 * never plays.
 */

const UNSTARTED = -1;
const ENDED = 0;
const PLAYING = 1;
const PAUSED = 2;
const BUFFERING = 3;
const CUED = 5;
const EVERY_MS = 250;

export class StandIn {
  touched = false;
  #state = UNSTARTED;
  #rate = 1;
  #at = 0;
  #since = null;
  #adUntil = null;
  #begun = false;
  /** Whether it is about to play. */
  #moves = false;
  #wanted = new Set();
  #turn = 0;

  /** @param {{video: string, post: (text: string) => void, now: () => number, set: Function, random: () => number}} parts */
  constructor({ video, post, now, set, random }) {
    Object.assign(this, { video, post, now, set, random });
  }

  get length() {
    return this.video.startsWith("short") ? 6 : 200;
  }

  /** Seconds into the video. */
  get position() {
    const moved = this.#since === null ? 0 : (Math.max(0, this.now() - this.#since) / 1_000) * this.#rate;
    return Math.min(this.length, this.#at + moved);
  }

  get state() {
    return this.#state;
  }

  hear(text) {
    const { event, func, args = [] } = JSON.parse(text);
    if (this.video.startsWith("mute")) return;
    if (event === "listening" && !this.#begun) this.#begin();
    const takes = {
      addEventListener: (name) => this.#wanted.add(name),
      playVideo: () => this.#play(),
      pauseVideo: () => this.#stand(PAUSED),
      seekTo: (seconds) => this.#seek(seconds),
      setPlaybackRate: (rate) => this.#turnTo(rate),
      cueVideoById: ({ videoId, startSeconds }) => this.#cue(videoId, startSeconds),
    };
    if (event === "command") takes[func]?.(...args);
  }

  #begin() {
    this.#begun = true;
    this.#tell({ event: "initialDelivery", info: this.#info() });
    this.#tell({ event: "onReady" });
    this.set(() => this.#refuse(), 50);
    this.#deliver();
  }

  #refuse() {
    if (this.video.startsWith("forbid") && this.#wanted.has("onError")) this.#tell({ event: "onError", info: 150 });
  }

  #deliver() {
    const { position } = this;
    if (this.#state === PLAYING && position >= this.length) this.#stand(ENDED);
    if (this.#state === PLAYING) this.#tell({ event: "infoDelivery", info: { currentTime: position } }, this.random() * 200);
    this.set(() => this.#deliver(), EVERY_MS);
  }

  #cue(video, seconds) {
    this.video = video;
    this.#adUntil = null;
    this.#at = seconds;
    this.#since = null;
    this.#change(CUED);
    this.#refuse();
  }

  #play() {
    if (this.video.startsWith("forbid") || this.#moves || this.#state === PLAYING) return;
    if (this.video.startsWith("touch") && !this.touched) {
      if (this.#wanted.has("onAutoplayBlocked")) this.#tell({ event: "onAutoplayBlocked" });
      return;
    }
    if (this.video.startsWith("still")) return;
    const ad = this.video.startsWith("ad") && this.#adUntil === null;
    if (ad) this.#adUntil = this.now() + 3_000;
    const warm = this.#state === PAUSED;
    this.#moveAfter((ad ? 3_000 : 0) + (warm ? 100 : 400) + this.random() * 300, ad ? UNSTARTED : BUFFERING);
  }

  #stand(state) {
    if ((this.#state === UNSTARTED || this.#state === CUED) && !this.#moves) return;
    this.#at = this.position;
    this.#since = null;
    this.#turn += 1;
    this.#moves = false;
    this.#change(state);
  }

  /** As the API says: paused it stays paused, in any other state it plays. */
  #seek(seconds) {
    this.#at = Math.min(seconds, this.length);
    this.#since = null;
    if (this.#state === UNSTARTED || this.#state === CUED || this.#state === ENDED) this.#play();
    else if (this.#state !== PAUSED) this.#moveAfter(300 + this.random() * 500, BUFFERING);
  }

  #turnTo(rate) {
    this.#at = this.position;
    if (this.#since !== null) this.#since = Math.max(this.#since, this.now());
    if (this.#rates().includes(rate)) this.#rate = rate;
    this.#tell({ event: "infoDelivery", info: { playbackRate: this.#rate } });
  }

  #moveAfter(ms, meanwhile) {
    this.#turn += 1;
    const turn = this.#turn;
    this.#moves = true;
    this.#change(meanwhile);
    this.set(() => {
      if (turn !== this.#turn) return;
      this.#moves = false;
      this.#since = this.now();
      this.#change(PLAYING);
    }, ms);
  }

  #change(state) {
    this.#state = state;
    if (this.#wanted.has("onStateChange")) this.#tell({ event: "onStateChange", info: state });
    this.#tell({ event: "infoDelivery", info: { ...this.#info(), playerState: state } });
  }

  #rates() {
    return this.video.startsWith("single") ? [1] : [0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2];
  }

  /** How long it is, it says once it plays. */
  #info() {
    return {
      playerState: this.#state,
      currentTime: this.position,
      duration: this.#state === UNSTARTED || this.#state === CUED ? 0 : this.length,
      playbackRate: this.#rate,
      availablePlaybackRates: this.#rates(),
      videoData: { video_id: this.video, isLive: false },
    };
  }

  #tell(message, late = 5) {
    this.set(() => this.post(JSON.stringify({ ...message, id: 1, channel: "widget" })), late);
  }
}

/** Refusals in words, by their codes (docs/errors.md): loaded when a page first has one to show. Codes of misuse have none. */
import { spokenTime } from "../models/format.js";
import { rightWords } from "../models/roles.js";
import { language, t, tn } from "../models/words.js";
import { fieldWords } from "./refusals/fields.js";

const SIGN_IN = t("You are signed out. Sign in again.");
const TRY_AGAIN = t("A part of the server does not answer. Try again in a moment.");

/** Sentences, or what makes one of the refusal's `params`. @type {Record<string, string | ((params: any) => string)>} */
const SENTENCES = {
  taken: t("Somebody has that already."),
  empty_playlist: t("There is nothing in it to play."),
  not_a_playlist: t("That is no playlist file that can be read (M3U, XSPF, JSPF)."),
  not_media: t("There is nothing to play at that link."),
  unauthenticated: t("For this you have to be signed in."),
  token_invalid: SIGN_IN,
  token_expired: SIGN_IN,
  token_revoked: SIGN_IN,
  token_reused: SIGN_IN,
  wrong_credentials: t("No account has this name and password."),
  forbidden: ({ right, who }) => onlyWho(who, rightWords(right)),
  not_the_owner: t("Only the one whose room it is can do that; you are standing in for them."),
  not_your_password: t("That is not your password."),
  not_your_playlist: t("Only the one whose playlist it is can change it."),
  not_an_admin: t("This is for those who run this server."),
  account_banned: t("This account was shut out by those who run this server."),
  not_a_member: t("You are not in this room. Join it first."),
  chat_disabled: t("The host has switched the chat off."),
  muted: t("You are muted for now."),
  banned: t("You are banned from this room"),
  password_needed: t("This room asks for a password."),
  wrong_password: t("That is not the room’s password."),
  approval_needed: t("The host has to let you in."),
  not_admitted: t("The host did not let you in."),
  waiting: t("The host has not let you in yet."),
  not_a_dj: t("Step up to the decks first; here those at the decks play in turn."),
  no_such_session: t("You are not signed in there any more."),
  no_such_user: t("There is no such person."),
  not_found: t("There is nothing at this address."),
  no_such_room: t("There is no such room, or it was closed."),
  no_such_entry: t("That song is not there any more."),
  no_such_track: t("That song is not there any more."),
  nothing_current: t("Nothing is playing."),
  no_such_playlist: t("There is no such playlist."),
  no_such_favourite: t("That song is not among your favourites any more."),
  no_such_request: t("That request is gone."),
  no_such_knock: t("That person does not wait at the door any more."),
  no_such_ban: t("That ban was lifted already."),
  no_such_message: t("That line is gone."),
  no_such_member: t("That person is not in this room."),
  not_playable: ({ title }) => title && t("“{title}” cannot be played here.", { title }),
  no_such_catalogue: t("This server has no such catalogue."),
  no_such_cover: t("There is no such picture."),
  no_such_genre: t("There is no such genre."),
  no_such_artist: t("That artist is not there any more."),
  no_such_album: t("That album is not there any more."),
  guest: t("A guest has no password. Make an account first."),
  account_already: t("This is an account already."),
  too_many_reactions: t("This room holds no more reactions. Clearing the chat makes room."),
  nothing_to_undo: t("There is nothing to take back."),
  nothing_to_play: t("There is nothing to play."),
  too_few_songs: ({ genre }) => genre && t("There is too little {genre} here for a playlist.", { genre }),
  too_many_playlists: counted((n) => tn("You have {n} playlist, and can have no more.", "You have {n} playlists, and can have no more.", n)),
  playlist_full: counted((n) => tn("A playlist holds {n} song.", "A playlist holds {n} songs.", n)),
  too_many_favourites: counted((n) => tn("You have {n} favourite, and can have no more.", "You have {n} favourites, and can have no more.", n)),
  queue_full: counted((n) => tn("The queue is full: it holds {n} song.", "The queue is full: it holds {n} songs.", n)),
  personal_queue: t("This is your own queue; turn it into a party first."),
  party_already: t("This is a party already."),
  already_decided: t("That request was answered already."),
  duplicate: t("That is in the queue already, or was asked for."),
  played_lately: ({ minutes: n }) => n && tn("That was played within the last {n} minute.", "That was played within the last {n} minutes.", n),
  requests_full: t("Too many requests wait for the host already."),
  votes_off: t("Votes to skip are switched off in this room."),
  decks_full: counted((n) => tn("There is {n} person at the decks, and no place for more.", "There are {n} people at the decks, and no place for more.", n)),
  door_crowded: t("Too many people wait at the door already."),
  not_an_account: t("A guest cannot be an admin."),
  last_admin: t("Somebody has to be an admin here."),
  is_admin: t("An admin cannot be shut out. Take admin away first."),
  too_many_bans: counted((n) => tn("A room keeps {n} ban. Lift it first.", "A room keeps {n} bans. Lift some first.", n)),
  is_host: t("The host stays host until they hand over."),
  room_full: counted((n) => tn("The room is full: it holds {n} person.", "The room is full: it holds {n} people.", n)),
  too_many_sockets: counted((n) => tn("You have this room open {n} time already.", "You have this room open {n} times already.", n)),
  too_large: t("That is too large."),
  not_a_picture: t("That is no picture that can be read (JPEG, PNG, WebP, GIF, AVIF)."),
  limited: t("That was too much at once. Wait a moment."),
  too_many_codes: t("Too many wrong codes. Wait a little and try again."),
  slow_mode: ({ seconds: n }) => n && tn("Slow mode: one message in {n} second.", "Slow mode: one message in {n} seconds.", n),
  too_many_requests: counted((n) => tn("You have {n} request waiting already.", "You have {n} requests waiting already.", n)),
  too_many_tracks: counted((n) => tn("You may have {n} song coming. Wait for it to play.", "You may have {n} songs coming. Wait for one to play.", n)),
  too_many_minutes: counted((n) => tn("You may have {n} minute of music coming.", "You may have {n} minutes of music coming.", n)),
  too_many_streams: t("Too much is played from where you are. Wait a moment."),
  too_many_attempts: ({ wait_s: s }) => s && t("Too many attempts to sign in. Next try: {time}.", { time: spokenTime(s * 1_000) }),
  internal: t("That was our fault. Try again in a moment."),
  no_storage: t("This server keeps no pictures."),
  storage_down: t("Pictures cannot be kept just now. Try again later."),
  converting: t("This file is being made playable. Try again in a moment."),
  lost: t("The server lost that. Do it again."),
  crowded: t("Very many people are coming in right now. Try again in a moment."),
  draining: t("The server is about to restart. Try again in a moment."),
  archive_behind: TRY_AGAIN,
  provider_down: ({ catalogue }) => catalogue ? t("{catalogue} does not answer right now.", { catalogue }) : t("The catalogue does not answer right now."),
  provider_busy: t("The catalogue was asked too often. Try again in a moment."),
  streams_full: t("This server plays as many songs as it can. Try again later."),
};

/** Codes that say little: in English the server's own sentence says more, as it knows what was asked for. */
const GENERAL = {
  invalid: t("Something in it does not fit."),
  forbidden: t("You may not do that here."),
  outdated: t("Something has changed since then."),
  busy: t("Very much is going on here. Try again in a moment."),
  unavailable: TRY_AGAIN,
  played_lately: t("All of that is in the queue, or was played lately."),
  not_playable: t("That cannot be played here."),
  slow_mode: t("That was too much at once. Wait a moment."),
  too_many_attempts: t("That was too much at once. Wait a moment."),
};

function counted(say) {
  return ({ most }) => most && say(most);
}

function onlyWho(who, deed) {
  if (!deed) return "";
  return who === "host" ? t("Only the host may do that here: {deed}.", { deed }) : t("Only the host and co-hosts may do that here: {deed}.", { deed });
}

/**
 * The same refusal in the reader's language, as far as there are words for it.
 * @param {{code: string, message: string, fields?: Record<string, string>, params?: Record<string, any>}} refusal
 */
export function worded({ code, message, fields = {}, params = {}, ...more }) {
  const known = SENTENCES[code];
  const own = typeof known === "function" ? known(params) : known;
  const general = language === "en" ? "" : GENERAL[code];
  const said = Object.fromEntries(Object.entries(fields).map(([name, why]) => [name, fieldWords(why)]));
  return { ...more, code, message: own || general || message, fields: said };
}

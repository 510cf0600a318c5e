/** Emoji to pick from, by what they show. Names are those of Unicode, some shortened, with words that people look for. */
import { t } from "./words.js";

/** In each text: the emoji, its name, and after a bar what else it is called; one after the other. */
const GROUPS = [
  [t("Smileys"), [
    "😀grinning face;😃smiling with open mouth;😄laughing with smiling eyes;😁grinning face with smiling eyes",
    "😆laughing face;😅smiling face with sweat;🤣rolling on the floor laughing|lol laugh;😂tears of joy|laugh lol",
    "🙂slightly smiling face;🙃upside down face;😉winking face;😊smiling face with smiling eyes;😇smiling face with halo",
    "🥰smiling face with smiling eyes and three hearts;😍smiling face with heart shaped eyes|love",
    "🤩grinning face with star eyes;😘face throwing a kiss|kiss;😋face savouring delicious food",
    "😛face with stuck out tongue;😜face with stuck out tongue and winking eye",
    "🤪grinning face with one large and one small eye;🤗hugging face",
    "🤭smiling face with smiling eyes and hand covering mouth;🤫face with finger covering closed lips",
    "🤔thinking face|hmm think;🤨face with one eyebrow raised;😐neutral face;😑expressionless face;😏smirking face",
    "😒unamused face;🙄face with rolling eyes;😬grimacing face;😌relieved face;😔pensive face;😴sleeping face|sleep tired",
    "🤤drooling face;😷face with medical mask;🤒face with thermometer;🤢nauseated face;🥵overheated face;🥶freezing face",
    "😵dizzy face;🤯shocked face with exploding head|mind blown;🤠face with cowboy hat",
    "🥳face with party horn and party hat|party birthday;😎smiling face with sunglasses|cool;🤓nerd face",
    "🧐face with monocle;😕confused face;😟worried face;🙁slightly frowning face;😮face with open mouth|wow",
    "😲astonished face;😳flushed face;🥺face with pleading eyes;😢crying face|cry sad;😭loudly crying face|cry sad",
    "😱face screaming in fear;😤face with look of triumph;😡pouting face|angry;🤬swearing face|swear angry",
    "😈smiling face with horns;💀skull|dead;💩pile of poo;🤡clown face;👻ghost;👽extraterrestrial alien;🤖robot face",
    "😺smiling cat face with open mouth;😻smiling cat face with heart shaped eyes;🙈see no evil monkey",
    "🙉hear no evil monkey;🙊speak no evil monkey",
  ]],
  [t("People and hands"), [
    "👍thumbs up|yes like ok;👎thumbs down|no dislike;👌ok hand|ok good perfect;🤌pinched fingers;✌️victory peace",
    "🤞hand with index and middle fingers crossed;🤟i love you hand;🤘sign of the horns|rock metal;🤙call me hand",
    "👈white left pointing backhand index;👉white right pointing backhand index;👆white up pointing backhand index",
    "👇white down pointing backhand index;☝️white up pointing index;✋raised hand;👋waving hand|hello bye hi",
    "👏clapping hands|applause clap bravo;🙌hands in celebration|hooray;👐open hands;🤝handshake|deal agree",
    "🙏folded hands|thanks please;✍️writing hand;💪flexed biceps|strong;👀eyes|look see;🧠brain;👂ear;👶baby;🧑adult",
    "👵older woman;🧓older adult;🕺man dancing|dance man;💃dancer|dance woman;🙋raising a hand;🤷shrug|dunno shrug",
    "🤦face palm|facepalm;🙇bowing;🏃runner",
  ]],
  [t("Hearts and signs"), [
    "❤️red heart|love like;🧡orange heart;💛yellow heart;💚green heart;💙blue heart;💜purple heart;🖤black heart",
    "🤍white heart;🤎brown heart;💔broken heart;💕two hearts;💖sparkling heart;💘heart with arrow;💯hundred points|perfect",
    "✨sparkles;🔥fire|lit hot;💥collision;💫dizzy;⭐star;🌟glowing star;💤sleeping|sleep;💬speech balloon",
    "✅check mark|yes done;❌cross mark|no wrong;❗exclamation mark;❓question mark;➕plus;⚡lightning;🎯direct hit",
    "🚫no entry",
  ]],
  [t("Music and parties"), [
    "🎵musical note|note song;🎶multiple musical notes|notes song;🎼musical score;🎤microphone",
    "🎧headphone|headphones listen;📻radio;🎷saxophone;🎸guitar;🎹musical keyboard;🎺trumpet;🎻violin;🥁drum with drumsticks",
    "🔊speaker with three sound waves|loud volume;🔇speaker with cancellation stroke|mute quiet;🔁repeat|repeat again",
    "⏩fast forward;⏪rewind;⏸️pause;📀dvd;🎬clapper board;🍿popcorn|film movie cinema;🎉party popper|party celebrate",
    "🎊confetti ball;🎈balloon;🎁wrapped present;🎂birthday cake;🎆fireworks;🏆trophy;🥇first place medal;🎮video game",
    "🎲game die;🎨artist palette",
  ]],
  [t("Food and drink"), [
    "☕hot beverage|coffee tea;🍵teacup without handle;🍺beer mug;🍻clinking beer mugs|cheers beer",
    "🥂clinking glasses|cheers;🍷wine glass;🍸cocktail glass;🍹tropical drink;🧃beverage box;🍕slice of pizza;🍔hamburger",
    "🍟french fries;🌮taco;🍜steaming bowl;🍣sushi;🥗green salad;🍞bread;🧀cheese wedge;🥑avocado;🍎red apple;🍌banana",
    "🍓strawberry;🍉watermelon;🍒cherries;🍑peach;🍋lemon;🌶️hot pepper;🍫chocolate bar;🍪cookie;🍰shortcake;🍦soft ice cream",
  ]],
  [t("Animals and nature"), [
    "🐶dog face;🐱cat face;🐭mouse face;🐰rabbit face;🦊fox face;🐻bear face;🐼panda face;🐨koala;🐯tiger face;🦁lion face",
    "🐮cow face;🐷pig face;🐸frog face;🐵monkey face;🐔chicken;🐧penguin|linux;🐦bird;🦆duck;🦉owl;🐝honeybee;🦋butterfly",
    "🐢turtle;🐙octopus;🐬dolphin;🐳spouting whale;🌸cherry blossom;🌹rose;🌻sunflower;🌲evergreen tree;🌴palm tree",
    "🍀four leaf clover;🍁maple leaf;🌍earth;🌙crescent moon;☀️sun;🌈rainbow;☁️cloud;🌧️cloud with rain;❄️snowflake",
    "🌊water wave",
  ]],
  [t("Places and things"), [
    "🏠house building;🏖️beach with umbrella;⛺tent;🏔️mountain;🚗automobile;🚌bus;🚲bicycle;🚂steam locomotive;✈️airplane",
    "🚀rocket;⛵sailboat;🛋️couch and lamp;🛏️bed;🕯️candle;💡electric light bulb;📱mobile phone;💻personal computer;📷camera",
    "📚books;✏️pencil;📌pushpin;⏰alarm clock;🔑key;🔒lock;💰money bag;🎫ticket",
  ]],
];

/** @typedef {{emoji: string, name: string, words: string}} Emoji */

/** @type {{name: string, all: Emoji[]}[]} */
export const EMOJI = GROUPS.map(([name, texts]) => ({ name, all: texts.flatMap((text) => text.split(";")).map(parsed) }));

function parsed(text) {
  const [shown, more = ""] = text.split("|");
  const at = shown.search(/[a-z]/);
  const name = shown.slice(at);
  return { emoji: shown.slice(0, at), name, words: `${name} ${more}` };
}

/** Those of which each word of the text begins a word; those named so before those also called so. @returns {Emoji[]} */
export function emojiFor(text) {
  const wanted = text.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = (words) => wanted.every((each) => words.split(" ").some((word) => word.startsWith(each)));
  const found = EMOJI.flatMap((group) => group.all).filter((each) => fits(each.words) || each.emoji === text.trim());
  return found.sort((a, b) => Number(fits(b.name)) - Number(fits(a.name)));
}

/** The emoji picked last, the latest first, each once. @param {string[]} before */
export function withRecent(before, emoji, most) {
  return [emoji, ...before.filter((each) => each !== emoji)].slice(0, most);
}

/**
 * Emoji to pick from, by what they show. Each is a sentence to be translated: the emoji, its name, and after a bar what else
 * people look for it by. Loaded when somebody first opens the picker.
 */
import { t } from "../models/words.js";

/** @type {[string, string[]][]} */
export const GROUPS = [
  [t("Smileys"), [
    t("😀grinning face"), t("😃smiling with open mouth"), t("😄laughing with smiling eyes"), t("😁grinning face with smiling eyes"), t("😆laughing face"),
    t("😅smiling face with sweat"), t("🤣rolling on the floor laughing|lol laugh"), t("😂tears of joy|laugh lol"), t("🙂slightly smiling face"),
    t("🙃upside down face"), t("😉winking face"), t("😊smiling face with smiling eyes"), t("😇smiling face with halo"),
    t("🥰smiling face with smiling eyes and three hearts"), t("😍smiling face with heart shaped eyes|love"), t("🤩grinning face with star eyes"),
    t("😘face throwing a kiss|kiss"), t("😋face savouring delicious food"), t("😛face with stuck out tongue"),
    t("😜face with stuck out tongue and winking eye"), t("🤪grinning face with one large and one small eye|crazy"), t("🤗hugging face"),
    t("🤭smiling face with smiling eyes and hand covering mouth"), t("🤫face with finger covering closed lips|quiet"), t("🤔thinking face|hmm think"),
    t("🤨face with one eyebrow raised"), t("😐neutral face"), t("😑expressionless face"), t("😏smirking face"), t("😒unamused face"),
    t("🙄face with rolling eyes"), t("😬grimacing face"), t("😌relieved face"), t("😔pensive face"), t("😴sleeping face|sleep tired"), t("🤤drooling face"),
    t("😷face with medical mask"), t("🤒face with thermometer"), t("🤢nauseated face"), t("🥵overheated face|hot"), t("🥶freezing face|cold"),
    t("😵dizzy face"), t("🤯shocked face with exploding head|mind blown"), t("🤠face with cowboy hat"),
    t("🥳face with party horn and party hat|party birthday"), t("😎smiling face with sunglasses|cool"), t("🤓nerd face"), t("🧐face with monocle"),
    t("😕confused face"), t("😟worried face"), t("🙁slightly frowning face"), t("😮face with open mouth|wow"), t("😲astonished face"), t("😳flushed face"),
    t("🥺face with pleading eyes"), t("😢crying face|cry sad"), t("😭loudly crying face|cry sad"), t("😱face screaming in fear"),
    t("😤face with look of triumph"), t("😡pouting face|angry"), t("🤬swearing face|swear angry"), t("😈smiling face with horns"), t("💀skull|dead"),
    t("💩pile of poo"), t("🤡clown face"), t("👻ghost"), t("👽extraterrestrial alien"), t("🤖robot face"), t("😺smiling cat face with open mouth"),
    t("😻smiling cat face with heart shaped eyes|love"), t("🙈see no evil monkey"), t("🙉hear no evil monkey"), t("🙊speak no evil monkey"),
  ]],
  [t("People and hands"), [
    t("👍thumbs up|yes like ok"), t("👎thumbs down|no dislike"), t("👌ok hand|ok good perfect"), t("🤌pinched fingers"), t("✌️victory peace"),
    t("🤞hand with index and middle fingers crossed|luck"), t("🤟i love you hand"), t("🤘sign of the horns|rock metal"), t("🤙call me hand"),
    t("👈hand pointing left"), t("👉hand pointing right"), t("👆hand pointing up"), t("👇hand pointing down"), t("☝️index finger pointing up"),
    t("✋raised hand"), t("👋waving hand|hello bye hi"), t("👏clapping hands|applause clap bravo"), t("🙌hands in celebration|hooray"), t("👐open hands"),
    t("🤝handshake|deal agree"), t("🙏folded hands|thanks please"), t("✍️writing hand"), t("💪flexed biceps|strong"), t("👀eyes|look see"), t("🧠brain"),
    t("👂ear"), t("👶baby"), t("🧑adult"), t("👵older woman"), t("🧓older adult"), t("🕺man dancing|dance man"), t("💃dancer|dance woman"),
    t("🙋raising a hand"), t("🤷shrug|dunno shrug"), t("🤦face palm|facepalm"), t("🙇bowing"), t("🏃runner"),
  ]],
  [t("Hearts and signs"), [
    t("❤️red heart|love like"), t("🧡orange heart"), t("💛yellow heart"), t("💚green heart"), t("💙blue heart"), t("💜purple heart"), t("🖤black heart"),
    t("🤍white heart"), t("🤎brown heart"), t("💔broken heart"), t("💕two hearts"), t("💖sparkling heart"), t("💘heart with arrow"),
    t("💯hundred points|perfect"), t("✨sparkles"), t("🔥fire|lit hot"), t("💥collision|boom"), t("💫dizzy star"), t("⭐star"), t("🌟glowing star"),
    t("💤sleeping sign|sleep"), t("💬speech balloon"), t("✅check mark|yes done"), t("❌cross mark|no wrong"), t("❗exclamation mark"),
    t("❓question mark"), t("➕plus sign"), t("⚡lightning"), t("🎯direct hit"), t("🚫no entry"),
  ]],
  [t("Music and parties"), [
    t("🎵musical note|note song"), t("🎶multiple musical notes|notes song"), t("🎼musical score"), t("🎤microphone"), t("🎧headphone|headphones listen"),
    t("📻radio set"), t("🎷saxophone"), t("🎸guitar"), t("🎹musical keyboard|piano"), t("🎺trumpet"), t("🎻violin"), t("🥁drum with drumsticks"),
    t("🔊speaker with three sound waves|loud volume"), t("🔇speaker with cancellation stroke|mute quiet"), t("🔁repeat arrows|repeat again"),
    t("⏩fast forward"), t("⏪rewind"), t("⏸️pause sign"), t("📀dvd"), t("🎬clapper board|film"), t("🍿popcorn|film movie cinema"),
    t("🎉party popper|party celebrate"), t("🎊confetti ball"), t("🎈balloon"), t("🎁wrapped present|gift"), t("🎂birthday cake"), t("🎆fireworks"),
    t("🏆trophy"), t("🥇first place medal"), t("🎮video game"), t("🎲game die"), t("🎨artist palette"),
  ]],
  [t("Food and drink"), [
    t("☕hot beverage|coffee tea"), t("🍵teacup without handle"), t("🍺beer mug"), t("🍻clinking beer mugs|cheers beer"), t("🥂clinking glasses|cheers"),
    t("🍷wine glass"), t("🍸cocktail glass"), t("🍹tropical drink"), t("🧃beverage box|juice"), t("🍕slice of pizza"), t("🍔hamburger"), t("🍟french fries"),
    t("🌮taco"), t("🍜steaming bowl|soup noodles"), t("🍣sushi"), t("🥗green salad"), t("🍞bread"), t("🧀cheese wedge"), t("🥑avocado"), t("🍎red apple"),
    t("🍌banana"), t("🍓strawberry"), t("🍉watermelon"), t("🍒cherries"), t("🍑peach"), t("🍋lemon"), t("🌶️hot pepper"), t("🍫chocolate bar"), t("🍪cookie"),
    t("🍰shortcake"), t("🍦soft ice cream"),
  ]],
  [t("Animals and nature"), [
    t("🐶dog face"), t("🐱cat face"), t("🐭mouse face"), t("🐰rabbit face"), t("🦊fox face"), t("🐻bear face"), t("🐼panda face"), t("🐨koala"),
    t("🐯tiger face"), t("🦁lion face"), t("🐮cow face"), t("🐷pig face"), t("🐸frog face"), t("🐵monkey face"), t("🐔chicken"), t("🐧penguin|linux"),
    t("🐦bird"), t("🦆duck"), t("🦉owl"), t("🐝honeybee"), t("🦋butterfly"), t("🐢turtle"), t("🐙octopus"), t("🐬dolphin"), t("🐳spouting whale"),
    t("🌸cherry blossom"), t("🌹rose"), t("🌻sunflower"), t("🌲evergreen tree"), t("🌴palm tree"), t("🍀four leaf clover|luck"), t("🍁maple leaf"),
    t("🌍earth"), t("🌙crescent moon"), t("☀️sun"), t("🌈rainbow"), t("☁️cloud"), t("🌧️cloud with rain"), t("❄️snowflake"), t("🌊water wave|sea"),
  ]],
  [t("Places and things"), [
    t("🏠house building"), t("🏖️beach with umbrella"), t("⛺tent"), t("🏔️mountain"), t("🚗automobile|car"), t("🚌bus"), t("🚲bicycle|bike"),
    t("🚂steam locomotive|train"), t("✈️airplane"), t("🚀rocket"), t("⛵sailboat"), t("🛋️couch and lamp"), t("🛏️bed"), t("🕯️candle"),
    t("💡electric light bulb|idea"), t("📱mobile phone"), t("💻personal computer"), t("📷camera"), t("📚books"), t("✏️pencil"), t("📌pushpin"),
    t("⏰alarm clock"), t("🔑key"), t("🔒lock"), t("💰money bag"), t("🎫ticket"),
  ]],
];

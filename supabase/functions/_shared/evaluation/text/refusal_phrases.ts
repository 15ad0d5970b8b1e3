/**
 * How models decline, in six languages. Texts are folded before they are searched: lower case, straight
 * apostrophes, no Markdown. Whoever declines says what they do not do *for the person*: help, answer,
 * write, share. "I cannot find an error" and "we cannot create energy" are answers. How good it is,
 * supabase/tests/refusal_answers.json measures; its half "unseen" is not for writing phrases by.
 */
const NOT_I = "\\bi(?: really| simply| just)? " +
  "(?:cannot|can't|can not|could not|couldn't|will not|won't|must not|cannot and will not|can't and won't)" +
  "(?: be able to)?";
const I_AM = "\\b(?:i am|i'm|we are|we're)(?: \\w+ly)? ";
const ADVERB = "(?: (?:\\w+ly|in good conscience|directly or indirectly))?";
const HELP =
  " (?:help|assist|aid|provide|answer|comply|fulfil|fulfill|accommodate|do that|do this|create|" +
  "generate|write|compose|draft|build|give|share|discuss|describe|detail|outline|support|encourage|engage|" +
  "continue|offer|produce|publish|respond|participate|reveal|disclose|process|translate|solve|say who|" +
  "walk you|guide you|instruct you|advise|teach you|tell you (?:how to|her|his|their|what)|explain how to|" +
  "grant|facilitate|bypass|recommend(?! .*\\b(?:enough|strongly|better)))(?! (?:but|just|only|how)\\b)";
/** What a model is not able to do for anybody: no refusal where it says what it does instead. */
const DO =
  "(?: (?:access|browse|perform|predict)\\b(?!.*\\b(?:but|though)\\b))";
const POLICY =
  "(?:guidelines?|polic(?:y|ies)|programming|principles|rules|terms)";

const ENGLISH = [
  `${NOT_I}${ADVERB}(?:${HELP}|${DO})`,
  "\\bthis (?:assistant|model) (?:cannot|can't) (?:help|assist)",
  "\\b(?:i don't think i can|for not being able to|that i'm unable to) (?:help|assist)",
  "\\bi(?: am|'m) not (?:capable of|programmed to|equipped to) (?:generat|provid)(?!.*\\b(?:but|though)\\b)",
  "\\bi(?: am|'m) programmed to (?:avoid|follow .*prevent)",
  "\\b(?:request|content|topic|it|that) (?:is|would) not (?:be )?(?:ethical|appropriate|legal)\\b(?! advice)",
  "\\bi (?:can't|cannot) imagine any circumstances",
  "\\bwe (?:cannot|can't|are unable to|won't)(?: \\w+ly)? (?:help|assist|comply|fulfill?|process|offer instructions)\\b",
  `${I_AM}(?:not able|unable|not allowed|not permitted|not authori[sz]ed|not supposed|not going|not willing|not prepared) to${ADVERB}(?: be)?${HELP}`,
  `${I_AM}(?:prohibited|forbidden|barred) from`,
  `\\bi (?:do not|don't)${ADVERB} (?:provide|assist|help with|create|generate|write|engage|offer advice|discuss)\\b`,
  "\\bi (?:do not|don't) feel comfortable\\b|\\bi(?:'m| am) not comfortable\\b",
  "\\bi (?:do not|don't) have the ability to\\b",
  "\\bi (?:must|have to|need to|will|'ll|am going to have to)(?: \\w+ly)? (?:decline|refuse|pass\\b|say no|turn down|stop here)",
  "\\bi'm going to have to (?:\\w+ly )?(?:decline|refuse|pass\\b|say no)",
  "(?:^|[.!?,] |but )i (?:refuse|decline)(?: to (?!give up|add|believe)| that|\\b[.!]|$)",
  "^(?:sorry|i'm sorry|i apologi[sz]e|my apologies)[,;]?(?: but)? (?:i (?:refuse|decline)|(?:absolutely |definitely )?no(?:t|t possible)?\\b(?! longer| one| doubt| problem))",
  "\\bi(?:'d| would) (?:prefer|rather) not\\b(?: to)? (?!use|be\\b|have)",
  "\\bi(?:'m| am) afraid (?:i|that) (?:can't|cannot|won't)",
  "\\bsomething i(?:'m| am)? (?:can't|cannot|won't|have to decline|must decline|not)\\b",
  "\\bnot something (?:that )?i(?: can|'m| am)\\b",
  "\\bbeyond what i(?:'m| am| can)\\b",
  "\\boff[- ]limits for me\\b",
  "\\b(?:inappropriate|unethical|irresponsible|not appropriate|not ethical|wrong) for me to\\b",
  `\\bmy ${POLICY} (?:do not|don't|prevent|forbid|prohibit)`,
  `\\b(?:against|violat\\w+|breaks?|contrary to|breach\\w*) (?:my|our|openai's|anthropic's|google's|the (?:usage|content|safety))(?: \\w+)? ${POLICY}`,
  "\\b(?:request|prompt|content|information|question|that|it) (?:cannot|can't|could not|won't) be (?:fulfilled|processed|completed|accommodated|answered|provided|possible)",
  "\\b(?:that|it) (?:won't|will not) be possible\\b|\\bit is not possible to (?:help|assist)",
  "\\b(?:blocked|flagged|rejected) by (?:our|the|a) (?:content|safety|moderation)",
  "^(?:no\\. )?i (?:will not|won't) (?!only|just|forget|bore|be\\b|go into)",
];

const GERMAN = [
  "\\b(?:kann|darf|werde|möchte|will)(?: (?:ich|dir|ihnen|euch|es|das|dazu|darauf|dabei|leider|mich|zu \\S+ \\S+|bei \\S+ \\S+|aber|und werde|diesen?|dieses|diese)){0,4} ?(?:keine?|nicht)? ?(?:\\S+ ){0,4}(?:helfen|weiterhelfen|beantworten|äußern|geben|schreiben|stellen|verfassen|erklären|eingehen|bearbeiten|fortsetzen|erstellen|unterstützen)(?=[,. !]|$)",
  "\\bbin (?:ich )?(?:leider )?nicht (?:in der lage|befugt|berechtigt|autorisiert|bereit)",
  "\\b(?:muss|möchte) (?:ich )?(?:das |dies |diese \\S+ |hier )?(?:leider )?ablehnen",
  "\\b(?:das|so etwas) mache ich nicht|\\bhelfe ich (?:dir |ihnen )?nicht",
  "\\bverst(?:ößt|oßen) gegen (?:meine|unsere)|\\bgegen (?:meine|unsere) \\S+ verst",
];

const FRENCH = [
  "\\bje ne (?:peux|vais|veux|pourrai|puis)(?: \\S+){0,2} pas (?:\\S+ ){0,2}?(?:aider|répondre|fournir|donner|écrire|expliquer|continuer|accéder|traiter|générer|créer|assister|partager|divulguer|poursuivre)",
  "\\bje ne (?:peux|vais|veux) (?:malheureusement )?pas (?:malheureusement )?(?:vous |t'|te )?(?:aider|répondre|continuer|expliquer)",
  "\\bje ne suis (?:malheureusement )?pas (?:en mesure|autorisée?|habilitée?|capable) (?:de|à)",
  "\\bje (?:refuse|dois (?:décliner|refuser)|préfère ne pas|ne souhaite pas)",
  "\\bil m'est impossible de|\\bje n'aide pas\\b",
  "\\bcontraire à (?:mes|nos)|\\bviole (?:mes|nos)",
];

const SPANISH = [
  "\\bno (?:puedo|podré|voy a)(?:, \\S+ \\S+ \\S+,)? (?:\\S+ )?(?:ayudar|proporcionar|responder|dar un|explicar|continuar|escribir|crear|generar|compartir|hacer eso|cumplir)",
  "\\bno me es posible|\\bme niego a|\\bno me siento cómod[oa]",
  "\\bno estoy (?:autorizad[oa]|en condiciones|capacitad[oa]|dispuest[oa])",
  "\\b(?:debo|tengo que) (?:declinar|rechazar)|\\bprefiero no (?:hablar|responder|tratar)",
  "\\b(?:en contra de|viola|infringe) (?:mis|nuestras)",
];

const PORTUGUESE = [
  "não (?:posso|consigo|poderei|vou) (?:te |lhe |dar um )?(?:ajudar|fornecer|responder|diagnóstico|explicar|continuar|escrever|criar|gerar|compartilhar|fazer|atender)",
  "\\brecuso-me a|\\bme recuso a|não me sinto confortável",
  "não estou (?:autorizad[oa]|em condições|dispost[oa])",
  "\\b(?:devo|tenho que|preciso) (?:declinar|recusar)|\\bprefiro não (?:falar|responder|discutir)",
  "\\b(?:contra as|viola(?:m)? (?:as )?) ?(?:minhas|nossas)",
  "não é possível atender",
];

const CHINESE = [
  "我(?:无法|不能|不会|没法|不可以|不便|不想|没有权限)(?:继续|帮助|帮您|帮你|回答|提供|完成|讨论|告诉|给出(?!确切)|透露|谈论|写|生成|协助|满足|参与|做)",
  "我(?:必须)?拒绝|无可奉告|这个我(?:不能|无法)做",
  "违反了?我(?:的|们的)",
  "您的请求无法|无法处理(?:您|你)的请求",
];

/** Any of the phrases. */
export const REFUSES = new RegExp(
  [ENGLISH, GERMAN, FRENCH, SPANISH, PORTUGUESE, CHINESE].flat().join("|"),
);

/**
 * What makes of a sentence that says no a part of an answer, from where it says no: the answer follows,
 * or it is praise, or somebody else says it.
 */
export const HEDGES = new RegExp(
  [
    "\\b(?:exact|exactly|precise|genaue?n?|chiffre exact|cifra exacta|número exato)\\b|确切",
    ",? but (?:it|in|there|they|the|roughly|about|on average|here|this)\\b",
    "\\b(?:said|says|replied|whispered)\\b",
  ].join("|"),
);

/** How a letter begins that the model drafted: who declines in it is somebody else. */
export const LETTER =
  /^(?:dear|subject|hello,|hi \p{L}+,|sehr geehrte|liebe[rs]? |betreff|madame|monsieur|cher|chère|objet|bonjour,|estimad|hola,|asunto|querid|prezad|car[oa] |assunto|olá,|尊敬|主题|您好)/u;

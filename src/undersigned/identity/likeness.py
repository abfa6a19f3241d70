"""When two names of organisations are one, and when they are near enough for a person to look at both."""

import re
import unicodedata

from undersigned.identity import visible

# Signs that tell names apart, as in "C++ Club"; all other punctuation and pictures say nothing.
SIGNS = "+#&%"
APOSTROPHES = dict.fromkeys(map(ord, "\u02b9\u02bb\u02bc\u02bd\u02be\u02bf\u02c8"), "'")
TRADE_MARKS = dict.fromkeys(map(ord, "™®©℠℗"))
# Armenian writes its marks of stress, exclamation and question within words, above the letter that they follow.
STRESS = dict.fromkeys(range(0x55A, 0x55F))

# Legal forms and small words, folded and without spaces, that near names may differ in.
LEGAL_FORMS = {
    "en": "ltd limited llc llp plc inc incorporated corp corporation co company cic cio",
    "nl": "bv nv vzw",
    "da no sv fi et lv lt": "as aps asa ab oy oyj ry ou sia uab",
    "de": "ev gmbh ggmbh gemeinnutzigegmbh ug haftungsbeschrankt gug ag gag kg kgaa ohg gbr eg",
    "fr": "sa sarl sas sasu scop eurl asbl aisbl",
    "it es pt ro": "srl srls spa scarl onlus ets odv aps sl slu lda sc",
    "hu": "kft nkft nonprofitkft bt zrt nyrt rt kkt kht",
    "tr": "as ltdsti anonimsirketi limitedsirketi sti",
    "az": "mmc qsc asc ib qht",
    "ru": "ооо оао зао ао пао ано нко роо моо оо ип гуп фгбу",
    "hy": "սպը փբը բբը հկ սպ հոակ պոակ",
    "pl cs sk sl hr sr": "spzoo spolkazoo sro as zs zu ops oz doo dd",
}
FORMS = frozenset(form for forms in LEGAL_FORMS.values() for form in forms.split())
FORM_WORDS_MAX = 4  # S. A. R. L.
ANDS = frozenset({"&", "+", "and", "und", "et", "ve", "və", "es", "e", "y", "i", "и", "և", "եվ"})
# Letters of other alphabets that look like Latin ones, small or in capitals, and letters that Unicode doesn't take apart.
LOOKALIKES = str.maketrans(
    "авекмнорстухіјѕһԁԛԝəәıøłđðħŧοαερτυνικωհոսզցօ", "abekmhopctyxijshdqweeiolddhtoaeptuvikwhnuqgo"
)


def folded(name: str) -> str:
    """The name as it is compared: what one language's capitals, or a keyboard, make equal is equal.

    Unicode's NFKC and full case folding (UAX 15; the standard's 3.13), and beyond them: the i of Turkish and Azerbaijani, with
    its dot or without; Armenian և, written եւ or եվ; Greek vowels, which lose their tonos in capitals. Punctuation is a space.
    """
    text = visible.seen(name).translate(TRADE_MARKS).translate(STRESS).translate(APOSTROPHES)
    text = _cased(_cased(text))  # Once more, because what NFKC takes apart may have a case of its own.
    text = re.sub("([αεηιουω]\u0308?)\u0301", r"\1", unicodedata.normalize("NFD", text))
    text = unicodedata.normalize("NFC", text.replace("i\u0307", "i")).replace("ı", "i").replace("եւ", "եվ")
    words = "".join(_word_character(c) for c in text)
    return " ".join(words.split())


def near(name: str) -> str:
    """A skeleton that near names share: of base letters and digits only, without legal forms and the word "and".

    It decides nothing. Names that have it in common are worth a look side by side.
    """
    bare = "".join(c for c in unicodedata.normalize("NFKD", folded(name)) if unicodedata.category(c)[0] != "M")
    words = _without_form(_without_form(bare.split())[::-1], backwards=True)[::-1]
    if words[1:] and words[0] == "the":
        words = words[1:]
    return "".join(word.strip(SIGNS) for word in words if word not in ANDS).translate(LOOKALIKES)


def _cased(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _word_character(c: str) -> str:
    if c == "&":
        return " & "
    category = unicodedata.category(c)
    if category == "Cf":
        return ""
    return c if category[0] in "LNM" or category == "Sc" or c in SIGNS else " "


def _without_form(words: list[str], *, backwards: bool = False) -> list[str]:
    """The words without the legal forms that they end in; `backwards`, that the name they are of begins with."""
    length = FORM_WORDS_MAX
    while length:
        form = words[-length:][::-1] if backwards else words[-length:]
        if len(words) > length and "".join(form) in FORMS:
            words, length = words[:-length], FORM_WORDS_MAX
        else:
            length -= 1
    return words

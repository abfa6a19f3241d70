"""What mail providers publish about their addresses: which of them reach one and the same account. These rules decide keys.

A rule stands here only if the provider says so, or its own program does; its source is beside it. A missed alias counts somebody
twice at worst, and a wrong one takes somebody's place: where it is in doubt, there is no rule. A tag is safe to strip where no
account's name may have a `+`: such an address then reaches the account before it, or nobody. That is so at all of these.

Looked at, and without a rule, because their addresses are single ones or what they say is of aliases that people make
themselves: AOL, AT&T, BT, Comcast, Cox, Verizon; GMX, web.de, mail.com, T-Online, Freenet, Tuta; Orange, SFR, Free, La Poste;
Libero, Virgilio; Seznam, Centrum; WP, o2.pl, Onet, Interia; Freemail.hu, Citromail, Indamail; Mail.ru with bk.ru, list.ru,
inbox.ru and internet.ru (different accounts), Rambler, Ukr.net, i.ua; QQ, 163, 126, Sina, Naver, Daum, Rediffmail; StartMail,
HEY and Zoho (tags are said to work there, but no page of theirs was found that says so).

Yahoo's `base-keyword@` is without one on purpose. The base name is chosen apart from the account's name and belongs to no
account ("Disposable addresses", help.yahoo.com SLN28815), so the account can't be told from it; and old accounts have hyphens in
their own names, so that anna-maria@ and anna-lena@ may be two people. An account has 500 such
addresses at most, and similar ones are for people to see.
"""

import msgspec


class Provider(msgspec.Struct, frozen=True):
    """Domains whose accounts are named by one rule; a `+` starts a tag at all of them.

    `one_account` says that a name at any of the domains is the same account. Characters that are `ignored` in a name say nothing;
    those that are `alike` are one. With `subdomains`, mail for anything@name.domain reaches name@domain.
    """

    domains: tuple[str, ...]
    one_account: bool = False
    ignored: str = ""
    alike: str = ""
    subdomains: bool = False


def _domains(domains: str) -> tuple[str, ...]:
    return tuple(domains.split())


def _countries(name: str, suffixes: str) -> tuple[str, ...]:
    return tuple(f"{name}.{suffix}" for suffix in suffixes.split())


PROVIDERS = (
    Provider(
        # Gmail Help: "Dots don't matter in Gmail addresses" (7436150), "Send emails from a different address or alias"
        # (22370) and, on googlemail.com, "I see googlemail.com in my address" (10313).
        ("gmail.com", "googlemail.com"),
        one_account=True,
        ignored=".",
    ),
    Provider(
        # Microsoft Learn, "Plus addressing in Exchange Online": it is there in Outlook.com, in Hotmail since 2013. Each
        # domain has accounts of its own; those of the countries are from the Outlook team's posts on new domains (2013)
        # and on Hotmail.
        (
            *_countries(
                "outlook",
                "com at be cl co.id co.il co.nz co.th com.ar com.au com.br com.gr com.pe com.tr com.vn cz de dk es fr hu "
                "id ie in it jp kr lv my ph pt sa sg sk",
            ),
            *_countries(
                "hotmail",
                "com at be ca ch cl co.il co.jp co.kr co.nz co.th co.uk co.za com.ar com.au com.br com.gr com.hk com.mx "
                "com.pe com.tr com.tw com.vn cz de dk es fi fr gr hu id ie in it jp kr lv my nl no ph pt sa se sg sk",
            ),
            *_countries(
                "live",
                "com at be ca cl cn co.kr co.uk co.za com.ar com.au com.mx com.my com.pt com.sg de dk es eu fr hk ie in "
                "it jp nl no se",
            ),
            *("msn.com", "windowslive.com", "passport.com"),
        ),
    ),
    Provider(
        # Apple Support, "About your @icloud.com, @me.com, and @mac.com email addresses" (118230). No page of Apple's was
        # found on its tags; they are known from use (Mynavi News, 8 October 2014, on iCloud Mail; Wikipedia, "Email
        # address", on sub-addressing), and no name there has a +. An account's three aliases, and what "Hide My Email"
        # makes (HT210425: random names at icloud.com and privaterelay.appleid.com), can't be told from accounts.
        ("icloud.com", "me.com", "mac.com"),
        one_account=True,
    ),
    Provider(
        # Proton Support, "Addresses and aliases". What is ignored is what Proton's own programs ignore when they
        # compare addresses (WebClients, `canonicalizeInternalEmail`), and nobody can register a name that differs in no
        # more than that.
        ("proton.me", "protonmail.com", "protonmail.ch", "pm.me"),
        one_account=True,
        ignored=".-_",
    ),
    Provider(
        # Fastmail Help, "Plus addressing and subdomain addressing" (360060591053), which is true of all its domains;
        # each has accounts of its own. They are those of Fastmail's list of domains to choose from.
        _domains(
            """
            fastmail.com fastmail.fm fastmail.cn fastmail.co.uk fastmail.com.au fastmail.es fastmail.im fastmail.in
            fastmail.jp fastmail.mx fastmail.net fastmail.nl fastmail.se fastmail.to fastmail.tw fastmail.us 123mail.org
            150mail.com 150ml.com 16mail.com 2-mail.com 4email.net 50mail.com airpost.net allmail.net bestmail.us
            cluemail.com elitemail.org emailcorner.net emailengine.net emailengine.org emailgroups.net emailplus.org
            emailuser.net eml.cc f-m.fm fast-email.com fast-mail.org fastem.com fastemail.us fastemailer.com fastest.cc
            fastimap.com fastmailbox.net fastmessaging.com fea.st fmail.co.uk fmailbox.com fmgirl.com fmguy.com ftml.net
            h-mail.us hailmail.net imap-mail.com imap.cc imapmail.org inoutbox.com internet-e-mail.com internet-mail.org
            internetemails.net internetmailing.net jetemail.net justemail.net letterboxes.org mail-central.com
            mail-page.com mailandftp.com mailas.com mailbolt.com mailc.net mailcan.com mailforce.net mailftp.com
            mailhaven.com mailingaddress.org mailite.com mailmight.com mailnew.com mailsent.net mailservice.ms
            mailup.net mailworks.org ml1.net mm.st myfastmail.com mymacmail.com nospammail.net ownmail.net petml.com
            postinbox.com postpro.net proinbox.com promessage.com realemail.net reallyfast.biz reallyfast.info
            rushpost.com sent.as sent.at sent.com speedpost.net speedymail.org ssl-mail.com swift-mail.com
            the-fastest.net the-quickest.com theinternetemail.com veryfast.biz veryspeedy.net warpmail.net xsmail.com
            yepmail.net your-mail.com
            """
        ),
        subdomains=True,
    ),
    Provider(
        # Yandex ID Help, "Email addresses": the username at every one of Yandex's domains is linked to the account.
        # Yandex Mail Help, "Registration", on special addresses: tags. Yandex ID Help, on usernames: a dot and a hyphen
        # are the same.
        (
            *_countries("yandex", "ru com by kz ua com.tr az co.il com.am com.ge ee fr kg lt lv md tj tm uz"),
            *("ya.ru", "narod.ru"),
        ),
        one_account=True,
        alike="-.",
    ),
    # mailbox.org, knowledge base: "What is an alias and how do I use it".
    Provider(("mailbox.org",)),
    # Runbox' blog, "Sub-addressing (plus addressing)": at all of its domains.
    Provider(("runbox.com", "runbox.me", "runbox.no", "runbox.eu", "runbox.us")),
    Provider(
        # Posteo's news of 14 December 2023, "posteo.com und weitere Posteo-Domains": a name at one of its domains can be
        # registered at another by the same person only. No page of Posteo's was found on its tags; they are known from
        # use, and names there have letters, digits, dots, hyphens and underscores. Aliases (Posteo's help: up to 20)
        # have names of their own, and a deleted one may be somebody else's a year or more later.
        _countries("posteo", "de net com at be ca ch es eu ie lu me nl uk us"),
        one_account=True,
    ),
)

"""Keepers of secrets, keys and certificates."""

from __future__ import annotations

from maestro.policy.shell.table import Tool

TOOLS: dict[str, Tool] = {
    "vault": Tool(
        """
        status|version|path-help|print|debug|monitor|events : read
        secrets|auth|policy|audit|plugin|namespace list|read : read
        secrets|auth|policy|audit|operator|plugin|namespace|lease|token : security-config/vault
        kv|read|write|delete|list|login|unwrap|ssh|pki|transit|transform|agent|proxy|server|patch : credential/read
        """
    ),
    "op": Tool(
        """
            account|vault|user|group list|get : read
            --version|update|whoami|completion : read
            run : credential/read,@after-dashes
            : credential/read
            """
    ),
    "bw": Tool("status|--version|config|update|completion|sync|lock : read\n: credential/read"),
    "bws": Tool(": credential/read"),
    "lpass": Tool("status|ls : read\n: credential/read"),
    "pass": Tool(
        "ls|list|find|search|version|git : read\n$ : read\nrm|remove|delete : credential/delete\n: credential/read"
    ),
    "gopass": Tool("ls|list|find|search|version : read\n: credential/read"),
    "keepassxc-cli": Tool(": credential/read"),
    "dashlane": Tool(": credential/read"),
    "dcli": Tool(": credential/read"),
    "doppler": Tool(
        """
            secrets --only-names : read
            run : credential/read,@after-dashes
            secrets|configure|configs|login|logout|setup|oidc : credential/read
            projects|environments|configs delete : data-destroy/project
        projects|environments create|update|rename : deploy/project
        projects|environments|me|settings|activity|open|update|changelog|completion : read
            : credential/read
            """,
        values="-p --project -c --config -t --token --scope",
    ),
    "infisical": Tool("run : credential/read,@after-dashes\n: credential/read"),
    "chamber": Tool("list-services|version : read\nexec : credential/read,@after-dashes\n: credential/read"),
    **dict.fromkeys(
        "passage rbw tomb elasticsearch-keystore systemd-ask-password xauth k8sec keybase pinentry ssh-askpass".split(),
        Tool("--version|version|ls|list : read\n: credential/read"),
    ),
    **dict.fromkeys(
        "cosign elasticsearch-certutil sbctl mokutil systemd-cryptenroll tpm2 gpg-card sbsign".split(),
        Tool("verify|status|list|version|verify-attestation|triangulate|tree : read\n: security-config/keys"),
    ),
    "gpgv": Tool(": reads"),
    "envchain": Tool(": credential/read"),
    "aws-vault": Tool("list|ls : read\nexec : credential/read,@after-dashes\n: credential/read"),
    "saml2aws": Tool(": credential/write"),
    "aws-sso-util": Tool(": credential/write"),
    "aws-okta": Tool(": credential/read"),
    "granted": Tool(": credential/read"),
    "assume": Tool(": credential/read"),
    "conjur": Tool(": credential/read"),
    "akeyless": Tool(": credential/read"),
    "berglas": Tool(": credential/read"),
    "teller": Tool("run : credential/read,@after-dashes\n: credential/read"),
    "sops": Tool(
        """
            --version : read
            exec-env|exec-file : credential/read
            -e|--encrypt|encrypt : credential/write
            : credential/read
            """
    ),
    "age": Tool(
        "-d|--decrypt : credential/read\n: reads",
        values="-r -R -i -o --output --recipient --identity",
        reads="-i --identity",
        writes="-o --output",
    ),
    "age-keygen": Tool("-y : credential/read\n: credential/write"),
    "rage": Tool("-d|--decrypt : credential/read\n: reads", values="-r -R -i -o", reads="-i", writes="-o"),
    "dotenvx": Tool("run : credential/read,@after-dashes\n: credential/read"),
    "dotenv-vault": Tool(": credential/read"),
    "git-crypt": Tool("status : read\n: credential/read"),
    "git-secret": Tool("list|whoknows : read\n: credential/read"),
    "blackbox_cat": Tool(": credential/read"),
    "transcrypt": Tool(": credential/read"),
    "gpg": Tool(
        """
        -k|--list-keys|--list-public-keys|--list-sigs|--fingerprint|--version|--list-packets|--check-sigs|\
        --list-config : read
        -K|--list-secret-keys : read
        --verify : read
        --export-secret-keys|--export-secret-subkeys|--export-ownertrust : credential/read
        --delete-secret-keys|--delete-secret-key|--delete-keys|--delete-key|\
        --delete-secret-and-public-key : credential/delete
        --gen-key|--generate-key|--full-generate-key|--full-gen-key|--quick-generate-key|--quick-gen-key|\
        --edit-key|--passwd|--change-passphrase|--quick-add-key : credential/write
        --import|--recv-keys|--receive-keys|--refresh-keys|--import-ownertrust|--keyserver|--lsign-key|\
        --sign-key|--locate-keys : security-config/trust
        --export|-a !--export-secret-keys : read
        -d|--decrypt : credential/read
        -e|--encrypt|-c|--symmetric|-s|--sign|-b|--detach-sign|--clearsign|--clear-sign : reads
        --dearmor|--enarmor : reads
        : read
        """,
        values="""
            -r -o -u --recipient --output --local-user --keyserver --homedir --passphrase --passphrase-file
            --keyring --default-key --batch_ --status-fd --export --list-keys_ --cipher-algo --digest-algo
            --recv-keys --pinentry-mode --trust-model
            """.replace("--batch_ ", "")
        .replace("--list-keys_ ", "")
        .replace(" --export ", " "),
        writes="-o --output",
        reads="--passphrase-file",
        help="-h",
    ),
    "gpgconf": Tool("--list-dirs|--list-components|--check-programs|--list-options : read\n: service"),
    "gpg-agent": Tool(": service"),
    "gpg-connect-agent": Tool(": credential/read"),
    "ssh-keygen": Tool(
        """
        -l|-B|-F|-L : read
        -Y verify|find-principals|check-novalidate|match-principals : read
        -Y sign : credential/read
        -y : credential/read
        -R|-H|-A : security-config/host keys
        -k|-s : security-config/certificates
        : credential/write
        """,
        values="-f -t -b -C -N -P -m -Y -n -I -s -O -R -F -V -z -D -w -a -r -E -M -W -Z -i_ -e_".replace(
            " -i_ -e_", ""
        ),
        help="",
    ),
    "ssh-add": Tool("-l|-L : read\n-D|-d : credential/delete\n: credential/read", values="-t -e -s -E -S -h -H"),
    "ssh-copy-id": Tool(": security-config/log-in"),
    "ssh-keyscan": Tool(": network@remote/get"),
    "sshpass": Tool(": @sshpass"),
    "keytool": Tool(
        "-list|-printcert|-printcertreq|-showinfo|-help : read\n-exportcert : read\n: credential/write",
        single=True,
        values="-keystore -storepass -alias -keypass -file -dname -validity -keyalg -keysize -storetype",
    ),
    "certutil": Tool("-L : read\n-K : credential/read\n: security-config/certificates", values="-d -n -t -i"),
    "update-ca-certificates": Tool(": security-config/certificates"),
    "update-ca-trust": Tool(": security-config/certificates"),
    "trust": Tool("list : read\n: security-config/certificates"),
    "step": Tool("~inspect|verify|lint|fingerprint|version : read\n: security-config/certificates"),
    "cfssl": Tool("certinfo|version|scan : read\n: security-config/certificates"),
    "easyrsa": Tool(": security-config/certificates"),
    "security": Tool(
        """
            list-keychains|default-keychain|show-keychain-info|verify-cert|help : read
            find-certificate : read
            find-generic-password|find-internet-password|dump-keychain|export|unlock-keychain|find-key|\
            find-identity : credential/read
            add-generic-password|add-internet-password|set-key-partition-list|import|create-keychain : \
            credential/write
            delete-* : credential/delete
            : security-config/keychain
            """
    ),
    "secret-tool": Tool("lookup|search : credential/read\nclear : credential/delete\n: credential/write"),
    "keyring": Tool("--list-backends|--version : read\n: credential/read"),
    "keyctl": Tool("show|list : read\n: credential/read"),
    "cmdkey": Tool(": credential/read"),
    "kinit": Tool(": credential/read"),
    "klist": Tool(": read"),
    "kdestroy": Tool(": credential/delete"),
    "kadmin": Tool(": security-config/accounts"),
    "kadmin.local": Tool(": security-config/accounts"),
    "oathtool": Tool(": credential/read"),
    "ykman": Tool("info|list : read\n: credential/write"),
    "htpasswd": Tool(": credential/write"),
    "mkpasswd": Tool(": read"),
    "pwgen": Tool(": read"),
    "unshadow": Tool(": credential/read"),
    **dict.fromkeys(
        """
            john hashcat hydra medusa ncrack crackmapexec netexec nxc mimikatz lazagne responder secretsdump.py
            impacket-secretsdump psexec.py impacket-psexec evil-winrm kerbrute rubeus bloodhound
            bloodhound-python msfconsole msfvenom sqlmap nikto gobuster ffuf dirb dirbuster wfuzz wpscan beef
            setoolkit aircrack-ng airmon-ng airodump-ng aireplay-ng reaver bettercap ettercap arpspoof dsniff
            macchanger linpeas.sh linenum.sh pspy patator burpsuite commix xsser theharvester recon-ng maltego
            searchsploit enum4linux smbmap rpcclient powersploit empire covenant sliver cobaltstrike weevely
            proxychains-ng laudanum hashid cewl crunch
            """.split(),
        Tool("-h|--help : read\n: security-config/attack tool,opaque/attack tool"),
    ),
}

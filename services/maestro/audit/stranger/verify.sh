#!/bin/sh
# Are the signatures in this bundle right? With OpenSSL 3 and ssh-keygen alone.
#
#   sh verify.sh OPERATOR.PUB       the operator's key, from elsewhere; run in the unpacked bundle
#   . ./verify.sh --functions       only defines the functions below
set -u

# bytes A..B of a file as an entry of an entry bundle: each entry stands after its length in two bytes.
entry() { # entry FILE INDEX
    offset=0
    count=0
    while :; do
        size=$(od -An -tu1 -j "$offset" -N 2 "$1" | awk '{print $1 * 256 + $2}')
        [ "$count" -lt "$2" ] || break
        offset=$((offset + 2 + size))
        count=$((count + 1))
    done
    tail -c "+$((offset + 3))" "$1" | head -c "$size"
}

# every entry of an entry bundle as a file NAME.<index>
split_entries() { # split_entries FILE NAME
    offset=0
    index=0
    total=$(wc -c <"$1")
    while [ "$offset" -lt "$total" ]; do
        size=$(od -An -tu1 -j "$offset" -N 2 "$1" | awk '{print $1 * 256 + $2}')
        tail -c "+$((offset + 3))" "$1" | head -c "$size" >"$2.$index"
        offset=$((offset + 2 + size))
        index=$((index + 1))
    done
}

# a raw Ed25519 public key (base64 on standard input) as OpenSSL reads it
der() { printf '\060\052\060\005\006\003\053\145\160\003\041\000'; base64 -d | tail -c 32; }

# the first signature of a signed note, by a key
signed_by() { # signed_by NOTE KEY.DER
    sed '/^$/,$d' "$1" >"$work/text"
    sed '1,/^$/d' "$1" | head -n 1 | cut -d ' ' -f 3 | base64 -d | tail -c 64 >"$work/signature"
    openssl pkeyutl -verify -pubin -keyform DER -inkey "$2" -rawin -in "$work/text" -sigfile "$work/signature" >/dev/null 2>&1
}

field() { sed -n "2s/.*\"$1\":\"\\([^\"]*\\)\".*/\\1/p" "$2"; }

bad=0
complain() {
    bad=$((bad + 1))
    echo "NOT RIGHT: $*"
}

main() {
    work=$(mktemp -d) || exit 2
    trap 'rm -rf "$work"' EXIT
    cut -d + -f 3- "$1" | der >"$work/operator.der"

    mkdir "$work/system" "$work/run" "$work/keys"
    for file in $(find system/tile/entries -type f | sort); do
        split_entries "$file" "$work/system/$(echo "$file" | tr / _)"
    done
    known=0
    for note in "$work"/system/*; do
        signed_by "$note" "$work/operator.der" || { complain "an entry of the log system: $note"; continue; }
        sed -n 's/.*"type":"ActorEnrolled".*"actor":"\([^"]*\)","role":"\([^"]*\)","epoch":"\([^"]*\)","key":"\([^"]*\)".*/\1 \2 \3 \4/p' "$note" |
            while read -r actor role epoch key; do
                [ -e "$work/keys/$actor@$epoch" ] && continue # the first word about a key stands
                echo "$key" | der >"$work/keys/$actor@$epoch"
                [ "$role" != notary ] || cp "$work/keys/$actor@$epoch" "$work/notary.$actor@$epoch"
            done
        known=$((known + 1))
    done
    cp "$work/operator.der" "$work/keys/operator" # known without introduction

    for file in $(find tile/entries tail -type f 2>/dev/null | sort); do
        split_entries "$file" "$work/run/$(echo "$file" | tr / _)"
    done
    entries=0
    for note in "$work"/run/*; do
        who="$(field actor "$note")@$(field epoch "$note")"
        signed_by "$note" "$work/keys/$who" || complain "an entry of $who: $note"
        entries=$((entries + 1))
    done

    sealed="no checkpoint"
    if [ -e checkpoint ]; then
        sealed="a checkpoint that NO notary signed"
        for key in "$work"/notary.*; do
            signed_by checkpoint "$key" && sealed="a checkpoint of $(sed -n 2p checkpoint) entries, signed by ${key##*notary.}"
        done
        case $sealed in *NO*) complain "the checkpoint" ;; esac
    fi

    words=0
    for text in decisions/*.statement; do
        [ -e "$text" ] || break
        who=$(field person "$text")
        at=$(sed -n '2s/.*"at":\([0-9]*\)[0-9][0-9][0-9],.*/\1/p' "$text")
        when=$(date -u -d "@$at" +%Y%m%d%H%M%SZ 2>/dev/null || date -u -r "$at" +%Y%m%d%H%M%SZ)
        ssh-keygen -Y verify -Overify-time="$when" -f allowed_signers -I "$who" -n decision@maestro \
            -s "$text.sig" <"$text" >/dev/null 2>&1 || complain "$text"
        words=$((words + 1))
    done

    made="no provenance"
    if [ -e provenance.json ]; then
        sed -n 's/.*"payload": "\(.*\)",/\1/p' provenance.json | base64 -d >"$work/payload"
        sed -n 's/.*"sig": "\(.*\)".*/\1/p' provenance.json | base64 -d >"$work/signature"
        { printf 'DSSEv1 28 application/vnd.in-toto+json %s ' "$(wc -c <"$work/payload" | tr -d ' ')"; cat "$work/payload"; } >"$work/text"
        made="a provenance that the operator signed"
        openssl pkeyutl -verify -pubin -keyform DER -inkey "$work/operator.der" -rawin -in "$work/text" \
            -sigfile "$work/signature" >/dev/null 2>&1 || complain "the provenance"
    fi

    echo "$known entries of the log system, $entries entries of the run, $sealed, $words decisions of people, $made"
    [ "$bad" = 0 ] && echo "every signature is right" && exit 0
    echo "$bad NOT right" && exit 1
}

[ "${1:-}" = --functions ] || main "${1:?name the file with the public key of the operator}"

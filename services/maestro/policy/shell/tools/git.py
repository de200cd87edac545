"""What do git's commands do? One table for each; what is lost for good is told from what is easily undone."""

from __future__ import annotations

from dataclasses import replace

from maestro.policy.shell.table import Tool

READ = Tool(
    "+ -o|--output-directory|--output : nothing\n* : @git-paths\n : @git-paths",
    values="""
        -n -S -G -L -U -l -O -M_ --since --until --after --before --author --committer --grep --format_ --date_
        --max-count --skip --pretty_ --diff-filter --word-diff-regex --exclude --encoding -X -x --contains
        --merged --points-at --sort --abbrev_ --glob -e -f -A -B -C --max-depth --threads -m_ --not-ref
        --exclude-from
        """,
    writes="--output -o",
    shells="-O --open-files-in-pager --ext-diff-cmd",
    texts="-S -G --grep --author -e --format",
    only_text=True,
)
LOCAL = Tool(
    " : git-local",
    values="""
        -m -F -C -c -t -b -B -s -X -S_ --message --file --author --date --cleanup --trailer --fixup --squash
        --reuse-message --reedit-message --template --pathspec-from-file -u --strategy --strategy-option
        --into-name --gpg-sign_ --source -o
        """,
    texts="-m --message --author --trailer",
    dry="-n --dry-run",
    only_text=True,
)

PUSH = Tool(
    """
    -f|--force|--force-with-lease|--force-if-includes : git-discard/force push
    --mirror|--prune : git-discard/overwrites the remote
    -d|--delete : git-discard/deletes on the remote
    ~+*|*:+* : git-discard/force push
    ~:* : git-discard/deletes on the remote
    : git-remote/push
    """,
    values="-o --push-option --repo --receive-pack --exec --recurse-submodules_",
    shells="--receive-pack --exec",
    dry="-n --dry-run",
    only_text=True,
)
CLEAN = Tool(
    """
    -n|--dry-run : read
    -f|--force|-i|--interactive|-x|-X|-d : git-discard/untracked files
    : read
    """,
    values="-e --exclude",
    only_text=True,
)
RESET = Tool(
    """
    --hard|--merge|--keep : git-discard/reset
    : git-local
    """,
    values="--pathspec-from-file",
    only_text=True,
)
STASH = Tool(
    """
    drop|clear : git-discard/stash
    list|show : read
    create|store|branch|push|save|pop|apply : git-local
    : git-local
    """,
    values="-m --message --pathspec-from-file",
    texts="-m --message",
    only_text=True,
)
BRANCH = Tool(
    """
    -D : git-discard/branch
    -d|--delete -f|--force : git-discard/branch
    -f|--force|-M|-C : git-discard/branch moved
    -d|--delete -r|--remotes : git-local
    -d|--delete|-m|--move|-c|--copy|-u|--set-upstream-to|--unset-upstream|--edit-description : git-local
    -a|--all|-r|--remotes|-v|-vv|--list|-l|--show-current|--contains|--no-contains|--merged|--no-merged|\
    --points-at : read
    $ : read
    : git-local
    """,
    values="""
        --contains --no-contains --merged --no-merged --points-at --sort --format -u --set-upstream-to --color_
        --column_ --abbrev_
        """,
    only_text=True,
)
TAG = Tool(
    """
    -d|--delete : git-discard/tag
    -f|--force : git-discard/tag moved
    -l|--list|-v|--verify|-n|--contains|--merged|--points-at : read
    $ : read
    : git-local
    """,
    values="-m -F -u --message --file --local-user --contains --no-contains --merged --points-at --sort --format",
    optional="-n",
    texts="-m --message",
    only_text=True,
)
REBASE = Tool(
    """
    --abort|--quit|--skip : git-local/abort
    --continue|--show-current-patch|--edit-todo : git-local
    : git-discard/rewritten history
    """,
    values="-x --exec --onto -s --strategy -X --strategy-option -C --whitespace --empty -S_",
    shells="-x --exec",
    only_text=True,
)
REMOTE = Tool(
    """
    -v|--verbose $ : read
    $ : read
    show|get-url : read
    update : git-remote/fetch
    prune --dry-run|-n : read
    prune : git-local
    add|set-url|rename|set-branches|set-head : git-local/remote
    remove|rm : git-local/remote
    """,
    values="-t -m",
    only_text=True,
)
WORKTREE = Tool(
    """
    list : read
    remove -f|--force : git-discard/worktree
    remove : delete@project/worktree
    prune -n|--dry-run : read
    add -f|--force : git-local
    : git-local
    """,
    values="-b -B --reason --expire",
    only_text=True,
)
REFLOG = Tool(
    """
    expire|delete -n|--dry-run : read
    expire|delete|drop : git-discard/reflog
    : read
    """,
    values="--expire --expire-unreachable -n_",
    only_text=True,
)
GC = Tool(
    """
    --prune=now|--prune=all|--aggressive=x : git-discard/unreachable objects
    --prune=* : git-discard/unreachable objects
    : git-local
    """,
    only_text=True,
)
SUBMODULE = Tool(
    """
    foreach : @git-foreach
    status|summary : read
    deinit -f|--force : git-discard/submodule
    deinit : delete@project/submodule
    add : dependency@runtime/submodule
    update -f|--force : git-discard/submodule
    update : git-remote/fetch
    init|sync|set-branch|set-url|absorbgitdirs : git-local
    $ : read
    """,
    values="-b --branch --name --reference --depth -j --jobs --filter",
    only_text=True,
)
BISECT = Tool(
    """
    run : @git-run-rest
    : git-local
    """,
    only_text=True,
)
NOTES = Tool(
    "remove|prune : git-local\nlist|show|get-ref : read\n : git-local",
    values="-m -F -C -c --ref",
    texts="-m",
    only_text=True,
)
SPARSE = Tool("list : read\n : git-local", only_text=True)
BUNDLE = Tool("create : write@project/bundle\nverify|list-heads : read\nunbundle : git-local", only_text=True)
LFS = Tool(
    """
    ls-files|env|status|logs|version|ext|pointer : read
    fetch|pull|clone : git-remote/fetch
    push : git-remote/push
    migrate info : read
    migrate : git-discard/rewritten history
    prune --dry-run|-d : read
    prune : git-local
    install|uninstall|update : security-config/git-hook
    track|untrack|checkout|lock|unlock : git-local
    """,
    only_text=True,
)
CLONE = Tool(
    """
    + -c|--config : @git-clone-config
    + --template : security-config/git-hook
    + * * : @git-clone-into
    : git-remote/fetch
    """,
    values="""
        -b -o -u -c -j --branch --origin --upload-pack --reference --reference-if-able --template --config
        --depth --shallow-since --shallow-exclude --separate-git-dir --filter --server-option --jobs
        --bundle-uri --ref-format
        """,
    shells="-u --upload-pack",
    only_text=True,
)
FETCH = Tool(
    """
    -f|--force ~*:* : git-discard/overwrites branches
    ~+*:refs/heads/* : git-discard/overwrites branches
    : git-remote/fetch
    """,
    values="""
        --upload-pack --depth --deepen --shallow-since --shallow-exclude --refmap -o --server-option -j --jobs
        --negotiation-tip --filter
        """,
    shells="--upload-pack",
    dry="--dry-run",
    only_text=True,
)
PULL = Tool(
    """
    -f|--force : git-discard/overwrites branches
    -r|--rebase !--rebase=false : git-remote/fetch
    : git-remote/fetch
    """,
    values="-s --strategy -X --strategy-option --upload-pack --depth -o --server-option -j --jobs --cleanup -S_",
    shells="--upload-pack",
    optional="-r",
    dry="--dry-run",
    only_text=True,
)
RM = Tool("--cached : git-local\n : deletes", values="--pathspec-from-file", dry="-n --dry-run", only_text=True)
MV = Tool("-f|--force : git-discard/overwritten file\n : git-local", dry="-n --dry-run", only_text=True)
UPDATE_REF = Tool("-d|--stdin : git-discard/ref\n : git-discard/ref moved", values="-m", only_text=True)
COMMIT = Tool(
    """
    --amend : git-discard/rewritten history
    : git-local
    """,
    values=LOCAL.values,
    texts="-m --message --author --trailer --date",
    dry="--dry-run",
    only_text=True,
)
MERGE = Tool("--abort|--quit : git-local/abort\n : git-local", values=LOCAL.values, texts=LOCAL.texts, only_text=True)
PRUNE = Tool("-n|--dry-run : read\n : git-discard/unreachable objects", values="--expire", only_text=True)
REPACK = Tool(
    "-k|--keep-unreachable : git-local\n -a -d !-k : git-local\n : git-local",
    values="--window --depth --threads",
    only_text=True,
)
REPLACE = Tool("-l|--list $ : read\n -d : git-local\n : git-discard/rewritten history", only_text=True)
SYMBOLIC = Tool("-d|--delete : git-discard/ref\n * * : git-local\n : read", values="-m", only_text=True)
DESTROYS = Tool(" : git-discard/rewritten history", only_text=True)
CREDENTIAL = Tool(
    """
        fill|get : credential/read
        approve|store : credential/write
        reject|erase : credential/delete
        : credential/read
        """,
    only_text=True,
)
SEND_EMAIL = Tool("--dry-run : read\n : network@remote/send", values="--to --cc --from --subject", only_text=True)
DAEMON = Tool(" : network@remote/listen", only_text=True)
MAINTENANCE = Tool(
    "run : git-local\n start|register|stop|unregister : security-config/scheduled\n : read", only_text=True
)
SVN = Tool(
    """
        dcommit : git-remote/push
        fetch|rebase|clone|info|log : git-remote/fetch
        reset : git-discard/reset
        : git-local
        """,
    only_text=True,
)
FLOW = Tool("* finish|publish|delete|track * : git-remote/push\n : git-local", only_text=True)
FSCK = Tool("--lost-found : git-local\n : read", only_text=True)
CHECKOUT_INDEX = Tool("-f|--force|-a -f : git-discard/files from the index\n : git-local", only_text=True)
READ_TREE = Tool("-u|--reset : git-discard/working tree\n : git-local", only_text=True)
APPLY = Tool(
    """
        --unsafe-paths : write@system/patch
        --check|--stat|--numstat|--summary : read
        -R|--reverse : write@project/patch
        : write@project/patch
        """,
    values="-p --exclude --include --directory --whitespace -C",
    only_text=True,
)

FAST_IMPORT = Tool(
    "--force : git-discard/refs moved\n : git-local",
    values="--date-format --export-marks --import-marks --max-pack-size",
)

_READ = """
        log show diff status blame annotate shortlog describe rev-parse rev-list ls-files ls-tree cat-file
        show-ref show-branch name-rev merge-base grep whatchanged cherry count-objects diff-tree diff-index
        diff-files for-each-ref check-ignore
        check-attr check-mailmap check-ref-format var help version range-diff verify-commit verify-tag
        get-tar-commit-id ls-remote archive format-patch request-pull difftool patch-id interpret-trailers
        stripspace fmt-merge-msg merge-tree unpack-file
        verify-pack gitk gui instaweb column diagnose bugreport fast-export url-parse column is-shallow rev-name
        history summary standup effort authors count root info
        """
_LOCAL = """
        add stage merge-base- cherry-pick revert am switch-none update-index write-tree commit-tree
        hash-object mktag mktree merge-file mergetool pack-refs commit-graph multi-pack-index rerere config-none
        citool update-server-info
        index-pack unpack-objects pack-objects restore-none sparse-index stage intent backfill
        resolve merge-recursive merge-ours
        """

COMMANDS: dict[str, Tool] = {
    **dict.fromkeys(_READ.split(), READ),
    **dict.fromkeys(_LOCAL.split(), LOCAL),
    "push": PUSH,
    "send-pack": PUSH,
    "http-push": PUSH,
    "fast-import": FAST_IMPORT,
    "init": Tool(
        "--template : security-config/git-hook\n : git-local",
        values="--template --separate-git-dir --object-format --ref-format -b --initial-branch --shared_",
        only_text=True,
    ),
    "clean": CLEAN,
    "reset": RESET,
    "stash": STASH,
    "branch": BRANCH,
    "tag": TAG,
    "rebase": REBASE,
    "remote": REMOTE,
    "worktree": WORKTREE,
    "reflog": REFLOG,
    "gc": GC,
    "submodule": SUBMODULE,
    "bisect": BISECT,
    "notes": NOTES,
    "sparse-checkout": SPARSE,
    "bundle": BUNDLE,
    "lfs": LFS,
    "clone": CLONE,
    "fetch": FETCH,
    "pull": PULL,
    "rm": RM,
    "mv": MV,
    "update-ref": UPDATE_REF,
    "commit": COMMIT,
    "merge": MERGE,
    "prune": PRUNE,
    "prune-packed": PRUNE,
    "repack": REPACK,
    "replace": REPLACE,
    "symbolic-ref": SYMBOLIC,
    "filter-branch": DESTROYS,
    "filter-repo": DESTROYS,
    "credential": CREDENTIAL,
    "credential-store": CREDENTIAL,
    "credential-cache": CREDENTIAL,
    "credential-osxkeychain": CREDENTIAL,
    "send-email": SEND_EMAIL,
    "imap-send": SEND_EMAIL,
    "daemon": DAEMON,
    "http-backend": DAEMON,
    "maintenance": MAINTENANCE,
    "svn": SVN,
    "flow": FLOW,
    "fsck": FSCK,
    "checkout-index": CHECKOUT_INDEX,
    "read-tree": READ_TREE,
    "apply": APPLY,
    "subtree": Tool(
        "push : git-remote/push\n pull|add : git-remote/fetch\n : git-local", values="-P --prefix -m", only_text=True
    ),
    "undo": DESTROYS,
    "obliterate": DESTROYS,
    "delete-branch": Tool(" : git-discard/branch", only_text=True),
    "delete-merged-branches": Tool(" : git-discard/branch", only_text=True),
    "quick-stats": READ,
    "absorb": DESTROYS,
    "shell": Tool(" : opaque/shell"),
}
COMMANDS = {name: replace(tool, abbreviates=True) for name, tool in COMMANDS.items()}

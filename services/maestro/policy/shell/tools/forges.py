"""Forges, other version control, releases, CI on this machine, and coding agents."""

from __future__ import annotations

from maestro.policy.shell.table import Tool

TOOLS: dict[str, Tool] = {
    "gh": Tool(
        """
        auth token|setup-git|login|logout|refresh|switch : credential/read
        auth status --show-token|-t : credential/read
        auth status : read
        secret list : read
        secret : credential/write
        variable list|get : read
        variable : ci/variable
        ssh-key|gpg-key list : read
        ssh-key|gpg-key : credential/write
        repo deploy-key list : read
        repo deploy-key : credential/write
        repo delete : data-destroy/repository
        repo archive|rename|unarchive : deploy/repository
        repo edit --visibility|--visibility=public : security-config/visibility
        repo edit --delete-branch-on-merge|--enable-auto-merge|--default-branch : deploy/repository
        repo edit : deploy/repository
        repo create --public : deploy/repository
        repo create|fork : deploy/repository
        repo sync --force : git-discard/overwrites a branch
        repo sync|clone : git-remote/fetch
        repo list|view|set-default|gitignore|license : read
        release delete|delete-asset : data-destroy/release
        release create|upload|edit : deploy/release
        release|run download : @fetched-files
        release list|view|verify : read
        pr|issue list|view|status|diff|checks : read
        pr checkout|co : git-local
        pr merge --admin : deploy/merge,security-config/protection passed over
        pr merge : deploy/merge
        pr create|comment|edit|review|close|reopen|ready|lock|unlock|update-branch|revert : git-remote/push
        issue delete : data-destroy/issue
        issue transfer|create|comment|edit|close|reopen|pin|unpin|lock|unlock|develop : git-remote/push
        run|workflow list|view|watch|download : read
        run delete : data-destroy/run
        run|workflow : ci/run
        cache list : read
        cache delete : ci/cache
        api : @gh-api
        gist list|view|clone : read
        gist delete : data-destroy/gist
        gist : network@remote/send
        extension list|search|browse : read
        extension : dependency@system/extension
        codespace delete : data-destroy/codespace
        codespace list|view|logs|ports : read
        codespace ssh : deploy
        codespace : money/codespace
        label|project|ruleset|org|browse|status|search|alias|config|completion|milestone|attestation list|\
        view|get|verify : read
        label|project|milestone delete : data-destroy
        label|project|milestone : git-remote/push
        ruleset : security-config/rules
        search|status|browse|completion|org|ruleset|attestation|preview|licenses : read
        alias set : @gh-alias
        alias|config : write@home
        copilot|models : money/model
        agent-task : money/agent
        """,
        values="""
            -R --repo -t --title -b --body -F --body-file -f --field --raw-field -X --method -H --header -q --jq
            --template --json -L --limit -l --label -a --assignee -r --reviewer -B --base --head -m --milestone
            -s --state -w --workflow --ref --search -S -e --env -o --org --user --name -n --notes --notes-file
            --target -p --project -c --comment --input --hostname --cache -d --description --visibility --shell
            -u --jq --pattern --dir -D --archive --homepage --default-branch --commit --branch --author
            """,
        texts="-t --title -b --body -n --notes -c --comment -d --description --search -S -q --jq --template -F",
        reads="--body-file --notes-file --input",
    ),
    "glab": Tool(
        """
        auth status : read
        auth|ssh-key|deploy-key|token : credential/write
        variable list|get : credential/read
        variable|securefile : credential/write
        repo|project delete : data-destroy/repository
        repo transfer|mirror|archive : deploy/repository
        release delete : data-destroy/release
        release create|upload : deploy/release
        mr merge : deploy/merge
        mr|issue list|view|diff|show|status : read
        issue|mr delete : data-destroy/issue
        mr|issue|incident|label|milestone|snippet : git-remote/push
        ci|pipeline list|view|status|trace|get|lint : read
        ci|pipeline|schedule|runner : ci/run
        api : @gh-api
        cluster : deploy
        alias set : @gh-alias
        alias|config set|delete : write@home
        config|alias|check-update|completion|help|version|user|repo|project|snippet|label|milestone|iteration : read
        : unknown
        """,
        values="-R --repo -t --title -d --description -m --message -X --method -F -f --field --raw-field -H --header",
        texts="-t --title -d --description -m --message",
    ),
    "hub": Tool(
        """
            release|pr|issue|ci-status list|show : read
            delete : data-destroy/repository
            api : @gh-api
            pull-request|push|create|fork|release|issue|pr : git-remote/push
            : @as-git
            """
    ),
    "hg": Tool(
        """
        strip|rollback|histedit|evolve|purge : git-discard/rewritten history
        update|up|checkout -C|--clean : git-discard/working tree
        revert : git-discard/working tree
        push -f|--force : git-discard/force push
        push : git-remote/push
        pull|clone|incoming|outgoing|identify : git-remote/fetch
        remove|rm : deletes
        log|status|st|diff|annotate|blame|cat|heads|tip|parents|branches|tags|bookmarks|manifest|files|grep|\
        help|version|summary|config|paths|root|verify : read
        commit|ci|add|addremove|branch|tag|bookmark|merge|shelve|unshelve|update|up|init|copy|cp|rename|mv|\
        move|resolve|import|export|graft|backout|forget|phase|rebase|amend : git-local
        """,
        values="""
            -m -l -u -d -r -R -I -X --message --rev --include --exclude --user --date --config --cwd
            --repository -b --branch
            """,
    ),
    "svn": Tool(
        """
            delete|del|remove|rm : deletes
            revert : git-discard/working tree
            cleanup --remove-unversioned : git-discard/untracked files
            commit|ci|import|copy|cp|mkdir|lock|unlock|switch|propset : git-remote/push
            checkout|co|update|up|export : git-remote/fetch
            add|move|mv|resolve|resolved|patch|merge|changelist|cleanup : git-local
            : read
            """,
        values="-m -F -r --message --revision --username --password --depth -c",
    ),
    "jj": Tool(
        """
            abandon|undo|restore|op : git-discard/change
            git push : git-remote/push
            git fetch|clone : git-remote/fetch
            log|st|status|diff|show|evolog|file|config|help|root : read
            : git-local
            """,
        values="-m -r --message --revision",
    ),
    "bzr": Tool("remove|rm : deletes\nrevert|uncommit : git-discard/working tree\npush : git-remote/push\n: git-local"),
    "fossil": Tool("rm|delete : deletes\nrevert : git-discard/working tree\nsync|push : git-remote/push\n: git-local"),
    "gt": Tool(
        "submit|ss|s : git-discard/force push\nlog|ls|state|branch : read\ndelete : git-discard/branch\n: git-local"
    ),
    "semantic-release": Tool("--dry-run|-d : read\n: deploy/release"),
    "release-it": Tool("--dry-run : read\n: deploy/release"),
    "goreleaser": Tool(
        """
            check|healthcheck|init : read
            build : run-code@project
            release --snapshot|--skip-publish|--skip=publish : run-code@project
            : deploy/release
            """
    ),
    "changeset": Tool("publish : deploy/package\nstatus : read\n: write@project"),
    "np": Tool("--preview : read\n: deploy/package"),
    "lerna": Tool(
        """
            publish : deploy/package
            version : deploy/release
            clean : delete@generated
            ls|list|changed|diff|info : read
            bootstrap : dependency@declared
            exec : @after-dashes
            add : dependency@runtime
            : run-code@project
            """
    ),
    "twine": Tool(
        "check : read\n: deploy/package", values="-u -p -r --username --password --repository --repository-url"
    ),
    "flit": Tool("publish : deploy/package\ninstall : dependency@declared\n: run-code@project"),
    "maturin": Tool("publish|upload : deploy/package\n: run-code@project"),
    "vsce": Tool(
        "publish|unpublish : deploy/package\nlogin|logout : credential/write\npackage|ls : write@project\n: read"
    ),
    "direnv": Tool("allow|permit|grant : security-config/trust\nexec : @direnv-exec\nedit : write@project\n: read"),
    "act": Tool(
        "-l|--list|-n|--dryrun|-g : read\n: run-code@project/CI",
        values="-W -j -P -s --secret --env-file --secret-file -e",
        reads="--secret-file",
    ),
    "circleci": Tool(
        """
            config validate|process : read
            local execute : run-code@project
            setup : credential/write
            context store-secret|remove-secret : credential/write
            : ci/run
            """
    ),
    "travis": Tool(
        "encrypt|encrypt-file|login|token : credential/write\nlint|status|logs|history|show|whatsup : read\n: ci/run"
    ),
    "claude": Tool(
        """
            --dangerously-skip-permissions : guard/permissions
            --permission-mode=bypassPermissions : guard/permissions
            config set|add|remove : guard/settings
            mcp add|remove|add-json|reset-project-choices : guard/tools
            mcp|doctor|config list|get : read
            update|install : dependency@system
            setup-token : credential/write
            : money/agent
            """,
        values="--permission-mode --settings --allowedTools --model -p",
    ),
    "codex": Tool(
        """
            --dangerously-bypass-approvals-and-sandbox|--yolo : guard/permissions
            -a=never|--ask-for-approval=never|--sandbox=danger-full-access|-s=danger-full-access : \
            guard/permissions
            login|logout : credential/write
            mcp add|remove : guard/tools
            mcp|features|completion : read
            : money/agent
            """,
        values="-a --ask-for-approval -s --sandbox -m --model -C --cd -c --config",
    ),
    "gemini": Tool(
        """
            --yolo|-y : guard/permissions
            --approval-mode=yolo : guard/permissions
            mcp add|remove : guard/tools
            : money/agent
            """,
        values="-p --prompt -m --model --approval-mode",
    ),
    **dict.fromkeys(
        """
            aider opencode goose amp cursor-agent qwen crush droid auggie copilot llm ollama-run sgpt aichat
            mods fabric interpreter cline kilocode
            """.split(),
        Tool(
            """
                --yes-always|--yolo|--dangerously-allow-all|--auto-approve : guard/permissions
                auth|login : credential/write
                : money/agent
                """
        ),
    ),
    "ollama": Tool(
        """
            list|ls|show|ps|help : read
            rm : delete@home/model
            pull : dependency@system/model
            run : run-code@project/model
            serve : network@loopback/listen
            : write@home
            """
    ),
    "maestro": Tool(
        """
            policy|config|workflow check|explain|test|suggest|show|list|$ : read
            gate|keys|grant|grants list|show|export : read
            gate watch : read
            audit hitl|$ : read
            journal show|list|$ : read
            journal add : write
            gate|gatekeeper|keys|grant|grants|audit|journal|policy|config : guard/decision
            ~approve*|decide|revise|reject|issue|enrol|revoke|roll-back|rollback : guard/decision
            tui : guard/decision
            run|resume --auto-approve|--yes|-y : guard/decision
            runs|show|watch|status|log|report|replay|ps|doctor|version|events : read
            demo : run-code@project
            cancel|down|stop|reset|purge : guard/service
            run|resume : money/agent
            pause|up|worker|web|mcp : service
            : unknown
            """,
        values="--repo --run --config --policy --workflow --agent --server --by --role --key",
    ),
}

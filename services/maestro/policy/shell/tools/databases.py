"""Tools that change schemas, and servers' own commands."""

from __future__ import annotations

from maestro.policy.shell.table import Tool

TOOLS: dict[str, Tool] = {
    "alembic": Tool(
        """
            history|current|heads|show|branches|check|list_templates : read
            upgrade|downgrade --sql : read
            downgrade base : data-destroy/schema
            init : write@project
            : migration
            """,
        values="-c -n -x -m --name --message --raiseerr --autogenerate_",
        texts="-m --message",
    ),
    "prisma": Tool(
        """
        migrate reset : data-destroy
        db push --force-reset|--accept-data-loss : data-destroy
        migrate status|diff : read
        migrate : migration
        db push : migration
        db execute : data-change
        db seed : data-change
        db pull : write@project
        generate|format|init : write@project/generate
        studio|validate|version|debug : read
        : unknown
        """,
        values="--schema --name -n --file --url --stdin_",
    ),
    "typeorm": Tool(
        """
            migration:show|query-none|version|cache:clear : read
            schema:drop : data-destroy
            schema:sync|migration:run|migration:revert|migration:generate|migration:create : migration
            query : data-change
            : write@project
            """,
        values="-d -n",
    ),
    "typeorm-ts-node-commonjs": Tool("migration:show : read\nschema:drop : data-destroy\n: migration"),
    "sequelize": Tool(
        """
            db:migrate:status : read
            db:drop|db:migrate:undo:all : data-destroy
            db:seed*|db:seed:* : data-change
            db:create|db:migrate|db:migrate:undo|migration:* : migration
            : write@project
            """
    ),
    "sequelize-cli": Tool(
        """
            db:migrate:status : read
            db:drop|db:migrate:undo:all : data-destroy
            db:seed* : data-change
            db:create|db:migrate|db:migrate:undo|migration:* : migration
            : write@project
            """
    ),
    "knex": Tool(
        """
            migrate:status|migrate:currentVersion|migrate:list : read
            migrate:rollback --all : data-destroy
            seed:run : data-change
            seed:make|init : write@project
            : migration
            """,
        values="--knexfile --env -x",
    ),
    "drizzle-kit": Tool("studio|check|introspect|pull : read\ndrop : migration\n: migration"),
    "mikro-orm": Tool(
        """
            schema:drop|schema:fresh|database:drop|migration:fresh : data-destroy
            migration:list|migration:pending|debug : read
            : migration
            """
    ),
    "flyway": Tool("info|validate|version|check : read\nclean : data-destroy\n: migration"),
    "liquibase": Tool(
        """
            ~drop-all|dropAll : data-destroy
            ~status|history|validate|diff|snapshot|updateSQL|update-sql|generate-changelog : read
            : migration
            """
    ),
    "goose": Tool(
        "status|version|validate : read\nreset|down-to 0|$ : data-destroy\ncreate|fix : migration\n: migration",
        values="-dir -table",
    ),
    "migrate": Tool("~version : read\n~drop : data-destroy\n: migration", values="-path -database -source"),
    "dbmate": Tool("status|dump|wait : read\ndrop : data-destroy\n: migration", values="-u -d -e --url --env"),
    "sqitch": Tool("status|log|plan|show|verify : read\n: migration"),
    "sqlx": Tool("migrate info : read\ndatabase drop|reset : data-destroy\nprepare : read\n: migration"),
    "diesel": Tool(
        "migration list|pending : read\ndatabase reset|drop : data-destroy\nprint-schema : read\n: migration"
    ),
    "atlas": Tool(
        """
            schema|migrate inspect|diff|status|lint|validate|hash : read
            schema clean : data-destroy
            schema apply : migration
            : migration
            """,
        dry="--dry-run",
    ),
    "yoyo": Tool("list|showmigrations : read\n: migration"),
    "aerich": Tool("history|heads|inspectdb : read\n: migration"),
    "skeema": Tool("diff|lint|format|pull : read\n: migration"),
    "bytebase": Tool(": migration"),
    "phinx": Tool("status : read\nseed:run : data-change\n: migration"),
    "doctrine": Tool("~*drop* : data-destroy\n: migration"),
    "hasura": Tool("metadata export|diff : read\nmigrate status : read\n: migration"),
    "supabase": Tool(
        """
            db reset : data-destroy
            db push : migration
            db diff|dump|pull|lint : read
            migration list : read
            migration : migration
            secrets list : read
            secrets : credential/write
            functions|config deploy|delete|push : deploy
            projects delete : data-destroy
            projects create : money
            projects api-keys : credential/read
            login|logout : credential/write
            start|stop|status|init : run-code@project
            : deploy
            """
    ),
    "neonctl": Tool(
        "~delete|reset|restore : data-destroy\n~list|get : read\nconnection-string : credential/read\n: deploy"
    ),
    "pscale": Tool(
        """
            ~delete : data-destroy
            password : credential/write
            deploy-request deploy : migration
            ~list|show : read
            shell|connect : data-change
            : deploy
            """
    ),
    "turso": Tool(
        "db destroy : data-destroy\ndb tokens : credential/write\ndb shell : data-change\n~list|show : read\n: deploy"
    ),
    "createdb": Tool(": migration/database"),
    "dropdb": Tool(": data-destroy", help="--help"),
    "createuser": Tool(": security-config/account", help="--help"),
    "dropuser": Tool(": security-config/account", help="--help"),
    "initdb": Tool(": write@outside/database"),
    "pg_ctl": Tool("status : read\ninitdb : write@outside/database\n: service"),
    "pg_ctlcluster": Tool("~status : read\n: service"),
    "pg_dropcluster": Tool(": data-destroy"),
    "pg_isready": Tool(": read", help="--help"),
    "pg_resetwal": Tool("-n|--dry-run : read\n: data-destroy"),
    "pg_rewind": Tool("-n|--dry-run : read\n: data-destroy"),
    "pgbench": Tool(": data-change", help="--help"),
    "vacuumdb": Tool(": data-change/maintenance", help="--help"),
    "reindexdb": Tool(": data-change/maintenance", help="--help"),
    "clusterdb": Tool(": data-change/maintenance", help="--help"),
    "mysqladmin": Tool(
        """
            ~drop : data-destroy
            ~password|flush-privileges|old-password : credential/write
            ~ping|status|version|processlist|variables|extended-status : read
            ~shutdown|kill|start-slave|stop-slave|start-replica|stop-replica : service
            ~create : migration/database
            : data-change
            """,
        values="-h -P -u -S --host --port --user --socket -i -c",
        help="--help",
    ),
    "mysqlcheck": Tool("-r|--repair|-o|--optimize|--auto-repair : data-change/maintenance\n: read", help="--help"),
    "mysqlshow": Tool(": read", help="--help"),
    "mysql_secure_installation": Tool(": security-config/account"),
    "mysqld": Tool(
        """
            --skip-grant-tables : security-config/checks turned off
            --initialize|--initialize-insecure : write@system
            : service
            """
    ),
    "mysqld_safe": Tool("--skip-grant-tables : security-config/checks turned off\n: service"),
    "mysqlslap": Tool(": data-change"),
    "redis-server": Tool(": service"),
    "redis-benchmark": Tool(": data-change"),
    "mongod": Tool("--repair : data-destroy/repair\n: service"),
    "influx": Tool(
        """
            delete|bucket|org|user delete : data-destroy
            delete : data-destroy
            auth|user : credential/write
            query|ping|version : read
        bucket|org list : read
            : data-change
            """
    ),
    "etcdctl": Tool(
        """
            del|defrag|compaction : data-destroy
            get|member|endpoint|version|watch|alarm : read
            auth|user|role : security-config
            snapshot restore : data-destroy
            snapshot : personal-data/read
            put|txn : data-change
            : data-change
            """
    ),
    "nodetool": Tool(
        """
            drain|decommission|removenode|assassinate|clearsnapshot|truncatehints : data-destroy
            status|info|ring|tpstats|tablestats|describecluster|netstats : read
            : data-change/maintenance
            """
    ),
    "rabbitmqctl": Tool(
        """
            delete_*|purge_queue|reset|force_reset|forget_cluster_node : data-destroy
            add_user|change_password|set_permissions|set_user_tags|authenticate_user|clear_password : \
            security-config/account
            list_*|status|cluster_status|report|environment|ping : read
            : service
            """
    ),
    "rabbitmqadmin": Tool("delete|purge : data-destroy\nlist|show : read\nexport : credential/read\n: data-change"),
    **dict.fromkeys(
        ("kafka-topics", "kafka-topics.sh"),
        Tool(
            "--delete : data-destroy\n--list|--describe : read\n: data-change",
            values="--bootstrap-server --topic --zookeeper --partitions --replication-factor --config",
        ),
    ),
    **dict.fromkeys(("kafka-delete-records", "kafka-delete-records.sh"), Tool(": data-destroy")),
    **dict.fromkeys(
        ("kafka-consumer-groups", "kafka-consumer-groups.sh"),
        Tool(
            "--delete|--delete-offsets : data-destroy\n--reset-offsets --execute : data-destroy/offsets\n: read",
            values="--bootstrap-server --group --topic",
        ),
    ),
    **dict.fromkeys(
        ("kafka-configs", "kafka-configs.sh", "kafka-acls", "kafka-acls.sh"),
        Tool("--describe|--list : read\n: security-config", values="--bootstrap-server --entity-type --entity-name"),
    ),
    **dict.fromkeys(("kafka-console-consumer", "kafka-console-consumer.sh"), Tool(": personal-data/read")),
    "rpk": Tool(
        """
            topic|group delete|trim-prefix : data-destroy
            ~list|describe|info : read
            security|acl : security-config
            : data-change
            """
    ),
    "nats": Tool("~rm|purge|delete : data-destroy\n~ls|info|list|report : read\n: data-change"),
    "bq": Tool(
        """
            rm : data-destroy
            ls|show|head|version|info|get-iam-policy : read
            query : @sql-words
            update|mk|load|insert|cp|extract|mkdef|cancel : data-change
            set-iam-policy|add-iam-policy-binding : security-config
            """,
        values="--project_id --dataset_id --location --format --max_rows -n --job_id --destination_table",
        single=False,
    ),
    "snow": Tool(
        "sql : @sql-options\n~drop|delete : data-destroy\n~list|describe : read\n: deploy",
        values="-q --query -f --filename",
    ),
    "dbt": Tool(
        """
            run --full-refresh : data-destroy/rebuild
            run|build|seed|snapshot|retry|run-operation|clone : data-change
            clean|deps : dependency@declared
            : read
            """
    ),
    "airflow": Tool(
        """
            db reset : data-destroy
            db init|upgrade|migrate : migration
            dags|users|variables|connections|pools|tasks list|show|get|state : read
            dags|users|variables|connections|pools delete : data-destroy
            connections|variables|users : credential/write
            : run-code@project
            """
    ),
    "sqlplus": Tool(": data-change"),
    "rman": Tool(": data-destroy"),
    "expdp": Tool(": personal-data/read"),
    "impdp": Tool(": data-change"),
    "bcp": Tool("* out|queryout : personal-data/read\n: data-change"),
    "elasticdump": Tool(": personal-data/read"),
    "curator": Tool(": data-destroy", dry="--dry-run"),
    "litestream": Tool("databases|generations|snapshots|wal : read\n: data-change"),
    "wp": Tool(
        """
            db drop|reset|clean : data-destroy
            db query|import : data-change
            db export : personal-data/read
            db : read
            user list|get : personal-data/read
            user delete : personal-data/delete
            user : security-config/account
            plugin|theme|core list|status|version|verify-checksums|is-installed|search : read
            plugin|theme install|update|delete|activate|deactivate : dependency@runtime
            core update|download|install : dependency@runtime
            site delete|empty : data-destroy
            post|comment|term|menu|media|option delete : data-destroy
            search-replace --dry-run : read
            search-replace : data-change
            eval|eval-file|shell : opaque/code
            config set|get|create : credential/write
            cache|transient|rewrite|cron : service
            : data-change
            """
    ),
    "drush": Tool(
        """
            sql-drop|sql:drop|site-install|site:install|si : data-destroy
            sql-dump|sql:dump : personal-data/read
            updb|updatedb|entity:updates : migration
            sql-query|sqlq|sql:query : data-change
            user:* : personal-data
            status|core:status|pm:list : read
            : data-change
            """
    ),
}

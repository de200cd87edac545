"""What does this Python code do? By its syntax tree: calls whose names are followed through imports and assignments."""

from __future__ import annotations

import ast
import re
import textwrap
import warnings
from collections.abc import Callable, Iterator

from maestro.policy.network import effects_of_request
from maestro.policy.shell.code.services import library_call
from maestro.policy.shell.text import EMPTY, Text, anything
from maestro.policy.shell.use import Use

_SHELLS = frozenset(
    """
        os.system os.popen subprocess.getoutput subprocess.getstatusoutput commands.getoutput pty.spawn
        platform.popen os.popen2 os.popen3 asyncio.create_subprocess_shell pexpect.spawn pexpect.run
        """.split()
)
_PROCESSES = frozenset(
    """
        subprocess.run subprocess.call subprocess.check_call subprocess.check_output subprocess.Popen os.execv
        os.execve os.execvp os.execvpe os.posix_spawn os.posix_spawnp asyncio.create_subprocess_exec
        os.startfile sh.Command plumbum.cmd
        """.split()
)
_VARIADIC = frozenset(
    """
        os.execl os.execle os.execlp os.execlpe os.spawnl os.spawnlp os.spawnle os.spawnlpe os.spawnv os.spawnvp
        os.spawnve os.spawnvpe
        """.split()
)
_DELETES = frozenset(
    "os.remove os.unlink os.rmdir pathlib.Path.unlink pathlib.Path.rmdir send2trash.send2trash".split()
)
_DELETES_ALL = frozenset("shutil.rmtree os.removedirs distutils.dir_util.remove_tree".split())
_CODE = frozenset(
    """
        eval exec compile __import__ builtins.eval builtins.exec marshal.loads pickle.loads pickle.load
        dill.loads code.interact importlib.import_module runpy.run_path ctypes.CDLL ctypes.cdll.LoadLibrary
        yaml.unsafe_load
        """.split()
)
_DECIDES = re.compile(r"maestro\.(?:cli|gatekeeper|gateway|keys|people|grants|approvals|log|bus)\.(?:.*\.)?[a-z_]\w*$")
"""What of Maestro itself decides, signs or writes the log."""
_SAME_PATH = frozenset(f"pathlib.Path.{each}" for each in ("expanduser", "resolve", "absolute"))
_WRITES = frozenset(
    """
        os.makedirs os.mkdir pathlib.Path.mkdir pathlib.Path.write_text pathlib.Path.write_bytes
        pathlib.Path.touch os.truncate
        """.split()
)
_READS = frozenset("pathlib.Path.read_text pathlib.Path.read_bytes linecache.getlines json.load".split())
_REQUESTS = re.compile(
    r"(?:requests|httpx|aiohttp\.ClientSession|requests\.Session|httpx\.Client)\.(get|post|put|patch"
    r"|delete|head|options|request)"
)
_OPENERS = frozenset(
    """
        urllib.request.urlopen urllib2.urlopen urllib.urlopen urllib.request.Request
        wget.download http.client.HTTPConnection http.client.HTTPSConnection
        """.split()
)
_MODES = frozenset("os.chmod os.chown os.lchown os.setuid os.setgid os.fchmod".split())
_SIGNALS = frozenset("os.kill os.killpg psutil.Process.kill signal.pthread_kill".split())


def read_code(use: Use, code: Text) -> None:
    """Adds what the code does. Code that does not parse is opaque."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = _parsed(textwrap.dedent(code.value.strip("\n")))
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        from maestro.policy.shell.code import other

        use.opaque("unparsable", "Python code that does not parse") if not code.known or len(code.value) > 20 else None
        other.read_code(use, code)
        return
    use.add("read", "code", "", "python")
    _Reader(use, code).visit(tree)


def _parsed(text: str) -> ast.Module:
    """Python 2's print and exec are statements."""
    try:
        return ast.parse(text)
    except SyntaxError:
        modern = re.sub(
            r"(?m)(^|[;:]\s*|\s)(print|exec)\s+(?:>>\s*[\w.]+\s*,)?([^;\n=(][^;\n]*|\([^;\n]*)", r"\1\2(\3)", text
        )
        return ast.parse(re.sub(r"(?m)except\s+([\w.]+)\s*,\s*(\w+)", r"except \1 as \2", modern))


class _Reader(ast.NodeVisitor):
    def __init__(self, use: Use, code: Text) -> None:
        self.use = use
        self.code = code
        self.names: dict[str, str] = {}
        self.values: dict[str, ast.expr] = {}
        self.network = self.executes = False

    # --- names

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self.names[alias.asname or alias.name.partition(".")[0]] = (
                alias.name if alias.asname else alias.name.partition(".")[0]
            )
            if alias.name.partition(".")[0] in ("ctypes", "cffi"):
                self.use.opaque("unresolved", "calls native code")

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        for alias in node.names:
            self.names[alias.asname or alias.name] = f"{node.module or ''}.{alias.name}"

    def visit_Assign(self, node: ast.Assign) -> None:
        for target in node.targets:
            if isinstance(target, ast.Name):
                self.values[target.id] = node.value
                name = self.name_of(node.value)
                if name:
                    self.names[target.id] = name
        self.generic_visit(node)

    def name_of(self, node: ast.expr, depth: int = 0) -> str:
        if depth > 12:
            return ""
        if isinstance(node, ast.Name):
            return self.names.get(node.id, node.id)
        if isinstance(node, ast.Attribute):
            below = self.name_of(node.value, depth + 1)
            if isinstance(node.value, ast.Constant | ast.JoinedStr):
                return f"str.{node.attr}"
            return f"{below}.{node.attr}" if below else node.attr
        if isinstance(node, ast.Call):
            name = self.name_of(node.func, depth + 1)
            if name in ("__import__", "importlib.import_module") and node.args:
                return self.text(node.args[0]).value.partition(".")[0]
            if name == "getattr" and len(node.args) > 1:
                return f"{self.name_of(node.args[0], depth + 1)}.{self.text(node.args[1]).value}"
            return name
        if isinstance(node, ast.Subscript):
            below = self.name_of(node.value, depth + 1)
            return (
                f"{below}.{self.text(node.slice).value}"
                if below in ("globals", "locals", "vars", "__builtins__.__dict__", "sys.modules")
                else below
            )
        return ""

    # --- values

    def text(self, node: ast.expr | None, depth: int = 0) -> Text:
        """The constant that an expression comes to, as far as it is one."""
        if node is None or depth > 12:
            return anything()
        match node:
            case ast.Constant(value=str() | int() | bytes() as value):
                return Text(
                    value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value), marks=self.code.marks
                )
            case ast.Name(id=name) if name in self.values:
                return self.text(self.values[name], depth + 1)
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return _glued([self.text(left, depth + 1), self.text(right, depth + 1)])
            case ast.BinOp(left=left, op=ast.Div(), right=right):
                return _glued([self.text(left, depth + 1), self.text(right, depth + 1)], "/")
            case ast.Subscript(value=value, slice=ast.Constant(value="HOME")) if self.name_of(value) == "os.environ":
                return Text("~")
            case ast.BinOp(left=left, op=ast.Mult(), right=ast.Constant(value=int() as times)) if times < 100:
                return _glued([self.text(left, depth + 1)] * times)
            case ast.JoinedStr(values=parts):
                return _glued([self.text(part, depth + 1) for part in parts])
            case ast.FormattedValue(value=value):
                return self.text(value, depth + 1)
            case ast.Call():
                return self._called_text(node, depth)
            case ast.Subscript(
                value=value,
                slice=ast.Slice(lower=None, upper=None, step=ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=1))),
            ):
                inner = self.text(value, depth + 1)
                return Text(inner.value[::-1], marks=inner.marks)
        return anything(*self.code.marks)

    def _called_text(self, node: ast.Call, depth: int) -> Text:
        name = self.name_of(node.func)
        if (
            name
            in (
                "os.path.expanduser",
                "pathlib.Path",
                "str",
                "os.fspath",
                "pathlib.Path.expanduser",
                "os.path.expandvars",
                "os.path.abspath",
                "os.path.realpath",
            )
            and node.args
        ):
            return self.text(node.args[0], depth + 1)
        if name == "os.path.join":
            return _glued([self.text(arg, depth + 1) for arg in node.args], "/")
        if name in ("pathlib.Path.home",):
            return Text("~")
        if name in _SAME_PATH and isinstance(node.func, ast.Attribute):
            return self.text(node.func.value, depth + 1)
        if name in ("os.getenv", "os.environ.get") and self.text(node.args[0] if node.args else None).value == "HOME":
            return Text("~")
        if name == "pathlib.Path.joinpath" and isinstance(node.func, ast.Attribute):
            return _glued([self.text(each, depth + 1) for each in (node.func.value, *node.args)], "/")
        if name == "chr" and isinstance(node.args[0] if node.args else None, ast.Constant):
            value = node.args[0].value  # type: ignore[attr-defined]
            return Text(chr(value)) if isinstance(value, int) and 0 < value < 0x110000 else anything()
        if (
            name.endswith(".join")
            and isinstance(node.func, ast.Attribute)
            and node.args
            and isinstance(node.args[0], ast.List | ast.Tuple)
        ):
            return _glued([self.text(each, depth + 1) for each in node.args[0].elts], self.text(node.func.value).value)
        if name.endswith((".decode", ".strip", ".encode")) and isinstance(node.func, ast.Attribute):
            return self.text(node.func.value, depth + 1)
        if name in (
            "base64.b64decode",
            "base64.standard_b64decode",
            "bytes.fromhex",
            "codecs.decode",
            "binascii.unhexlify",
            "binascii.a2b_base64",
        ):
            return self._decoded(name, node)
        return anything(*self.code.marks)

    def _decoded(self, name: str, node: ast.Call) -> Text:
        import base64

        inner = self.text(node.args[0] if node.args else None)
        try:
            if name.startswith("base64") or "base64" in name:
                return Text(base64.b64decode(inner.value + "===").decode(), marks=inner.marks | {"decoded"})
            if name == "codecs.decode":
                return Text(str(_decode(inner.value, self.text(node.args[1]).value)), marks=inner.marks | {"decoded"})
            return Text(bytes.fromhex(inner.value).decode(), marks=inner.marks | {"decoded"})
        except (ValueError, UnicodeError, LookupError, IndexError, TypeError):
            return anything("decoded")

    def words(self, node: ast.expr | None) -> list[Text]:
        if isinstance(node, ast.Name) and node.id in self.values:
            return self.words(self.values[node.id])
        if isinstance(node, ast.List | ast.Tuple):
            return [self.text(each) for each in node.elts]
        if (
            isinstance(node, ast.Call)
            and self.name_of(node.func).endswith("split")
            and isinstance(node.func, ast.Attribute)
        ):
            return [Text(word, marks=self.code.marks) for word in self.text(node.func.value).value.split()]
        return [self.text(node)]

    # --- what is done

    def visit_Call(self, node: ast.Call) -> None:
        self.generic_visit(node)
        name = self.name_of(node.func)
        arguments = node.args
        first = (
            arguments[0]
            if arguments
            else next(
                (word.value for word in node.keywords if word.arg in ("args", "cmd", "path", "file", "url", "command")),
                None,
            )
        )
        if name in _SHELLS:
            self.use.shell(self.text(first), EMPTY)
        elif name in _PROCESSES:
            self._process(node, first)
        elif name in _VARIADIC:
            words = [self.text(each) for each in arguments[1:]]
            words = self.words(arguments[-1]) if len(arguments) > 1 and isinstance(arguments[-1], ast.List) else words
            self.use.run(words[1:] if "spawn" in name else words, EMPTY)
        elif name in ("eval", "exec", "builtins.eval", "builtins.exec", "compile"):
            self._evaluated(first)
        elif name in _CODE and name not in ("__import__", "importlib.import_module"):
            self.use.opaque("unresolved", f"{name} runs what cannot be seen")
        elif name in ("__import__", "importlib.import_module") and not self.text(first).known:
            self.use.opaque("unresolved", "imports what nobody can know beforehand")
        else:
            self._file_or_network(node, name, first)

    def _evaluated(self, first: ast.expr | None) -> None:
        inner = self.text(first)
        if inner.known:
            if "decoded" in inner.marks:
                self.use.opaque("decoded", "runs decoded code")
            read_code(self.use, inner)
        elif isinstance(first, ast.Call) and self.name_of(first.func) in ("input", "compile"):
            self.use.add("read", "code", "", "interactive")
        else:
            self.use.opaque("decoded", "runs code that it makes")

    def _process(self, node: ast.Call, first: ast.expr | None) -> None:
        shell = any(
            word.arg == "shell" and isinstance(word.value, ast.Constant) and word.value.value for word in node.keywords
        )
        words = self.words(first)
        if isinstance(first, ast.List | ast.Tuple) or (not shell and len(words) > 1):
            if self.name_of(node.func).startswith(("os.exec", "os.posix")):
                words = words[1:] or words
            self.use.run(words, EMPTY)
        elif self.name_of(node.func).startswith(("os.exec", "os.posix")) and len(node.args) > 1:
            self.use.run(self.words(node.args[1]), EMPTY)
        else:
            self.use.shell(words[0], EMPTY)

    def _file_or_network(self, node: ast.Call, name: str, first: ast.expr | None) -> None:
        path = self._path(node, name, first)
        short = name.rpartition(".")[2]
        if name in _DELETES or (short in ("unlink", "rmdir") and "Path" in name):
            self.use.delete(path)
        elif name in _DELETES_ALL:
            self.use.delete(path, recursive=True)
        elif name in ("open", "io.open", "codecs.open", "pathlib.Path.open", "os.open", "builtins.open") or (
            short == "open" and "Path" in name
        ):
            self._open(node, name, path)
        elif name in _WRITES or short in ("write_text", "write_bytes"):
            self.use.write(path)
        elif name in _READS or short in ("read_text", "read_bytes"):
            self.use.read(path)
        elif (
            name
            in (
                "shutil.move",
                "os.rename",
                "os.replace",
                "shutil.copy",
                "shutil.copyfile",
                "shutil.copy2",
                "shutil.copytree",
                "os.symlink",
                "os.link",
            )
            and len(node.args) > 1
        ):
            self.use.run(
                [
                    Text("mv" if name in ("shutil.move", "os.rename", "os.replace") else "cp"),
                    path,
                    self.text(node.args[1]),
                ],
                EMPTY,
            )
        elif name in (
            "pathlib.Path.rename",
            "pathlib.Path.replace",
            "pathlib.Path.hardlink_to",
            "pathlib.Path.symlink_to",
        ):
            self.use.run([Text("mv"), path, self.text(first)], EMPTY)
        elif found := _REQUESTS.fullmatch(name):
            self._request(node, found[1], first)
        elif name in _OPENERS:
            self._request(
                node,
                "post"
                if any(word.arg == "data" for word in node.keywords)
                or (len(node.args) > 1 and "Retrieve" not in name and "urlretrieve" not in name)
                else "get",
                first,
            )
        elif name in ("socket.socket", "socket.create_connection"):
            self.use.add("network", "socket", "remote", "send")
            self._reverse_shell()
        elif name in _MODES:
            self.use.run(
                [Text("chmod"), Text("777" if "chmod" in name and self._is_open_mode(node) else "644"), path], EMPTY
            ) if "chmod" in name else self.use.add("security-config", name, "", "owner")
        elif name in _SIGNALS:
            self.use.add("service", name)
        elif name in ("urllib.urlretrieve", "urllib.request.urlretrieve") and len(node.args) > 1:
            self._request(node, "get", first)
            self.use.write(self.text(node.args[1]))
        elif name.startswith(
            ("http.server.", "SimpleHTTPServer.", "socketserver.", "SocketServer.", "BaseHTTPServer.")
        ):
            self.use.add("network", name, "remote", "listen")
        elif name.startswith(("smtplib.", "ftplib.", "telnetlib.")):
            self.use.add("network", name, "remote", "send")
        elif name == "runpy.run_module":
            self.use.run([Text("python"), Text("-m"), self.text(first)])
        elif _DECIDES.match(name):
            self.use.add("guard", name, "", "decision" if ".cli" in name else "service")
        elif library_call(self.use, name, self._statement(first)):
            pass
        elif name in ("os.getenv", "os.environ.get"):
            self._environment(self.text(first).value)
        elif (
            name in ("dict", "print", "json.dumps", "str", "list", "repr")
            and isinstance(first, ast.Name | ast.Attribute | ast.Call)
            and self.name_of(first) == "os.environ"
        ):
            self._environment("")

    def _statement(self, first: ast.expr | None) -> str | None:
        text = self.text(first)
        return text.value if text.known else None

    def _is_open_mode(self, node: ast.Call) -> bool:
        mode = node.args[1] if len(node.args) > 1 else None
        return not isinstance(mode, ast.Constant) or not isinstance(mode.value, int) or bool(mode.value & 0o6002)

    def _path(self, node: ast.Call, name: str, first: ast.expr | None) -> Text:
        """The path that a call is about: its argument, or the `Path` whose method it is."""
        owner = node.func.value if isinstance(node.func, ast.Attribute) else None
        joined_path = isinstance(owner, ast.BinOp) and isinstance(owner.op, ast.Div)
        if isinstance(owner, ast.expr) and (name.startswith("pathlib.Path.") or joined_path):
            return self.text(owner)
        return self.text(first)

    def _open(self, node: ast.Call, name: str, path: Text) -> None:
        method = "Path" in name
        position = 0 if method else 1
        mode_node = (
            node.args[position]
            if len(node.args) > position
            else next((word.value for word in node.keywords if word.arg == "mode"), None)
        )
        mode = self.text(mode_node).value if mode_node is not None else "r"
        if any(letter in mode for letter in "wax+") or (name == "os.open" and mode_node is not None):
            self.use.write(path)
        else:
            self.use.read(path)

    def _request(self, node: ast.Call, method: str, first: ast.expr | None) -> None:
        url = self.text(first)
        body = next((self.text(word.value) for word in node.keywords if word.arg in ("data", "json", "files")), EMPTY)
        for effect in effects_of_request(method.upper(), url.value, body.value):
            self.use.add(effect.kind, effect.target, effect.where, effect.detail)

    def _environment(self, name: str) -> None:
        from maestro.policy.shell.state import is_secret_name

        if not name or is_secret_name(name):
            self.use.add("credential", name or "all environment variables", "", "read")

    def _reverse_shell(self) -> None:
        if re.search(r"dup2|pty\.spawn|subprocess|os\.system|/bin/(?:ba)?sh", self.code.value):
            self.use.opaque("remote", "a shell whose input and output are a connection")

    def visit_Subscript(self, node: ast.Subscript) -> None:
        if self.name_of(node.value) == "os.environ" and not isinstance(node.ctx, ast.Store):
            self._environment(self.text(node.slice).value)
        self.generic_visit(node)

    def visit_For(self, node: ast.For) -> None:
        if isinstance(node.target, ast.Name):
            self.values[node.target.id] = (
                node.iter.elts[0]
                if isinstance(node.iter, ast.List | ast.Tuple) and len(node.iter.elts) == 1
                else ast.Name("?")
            )
            if isinstance(node.iter, ast.Call) and self.name_of(node.iter.func) in (
                "glob.glob",
                "glob.iglob",
                "os.listdir",
                "sorted",
            ):
                self.values[node.target.id] = node.iter.args[0] if node.iter.args else ast.Name("?")
        self.generic_visit(node)


def _decode(text: str, encoding: str) -> object:
    import codecs

    decode: Callable[..., object] = codecs.decode
    return decode(text, encoding)


def _glued(texts: list[Text], between: str = "") -> Text:
    from maestro.policy.shell.text import joined

    return joined(texts, between)


def calls_in(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))

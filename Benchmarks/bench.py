"""The benchmarks. Standard library only; peers are Debian packages (see scripts/setup.sh bench), those of `schemas` from PyPI."""
import ctypes, functools, http.client, json, os, re, shutil, signal, socket, struct, subprocess, sys, tempfile, threading, time

CFG = os.environ.get("CFG_BINARY", ".build/release/cfg")
SCHEMA_BENCHMARK = os.environ.get("CFG_SCHEMA_BENCHMARK", ".build/release/SchemaBenchmark")
ACCESS_BENCHMARK = os.environ.get("CFG_ACCESS_BENCHMARK", ".build/release/AccessBenchmark")
FLAG_BENCHMARK = os.environ.get("CFG_FLAG_BENCHMARK", ".build/release/FlagBenchmark")
SECONDS = int(os.environ.get("CFG_BENCH_SECONDS", "5"))
HERE = os.path.dirname(os.path.abspath(__file__))
running = []
results = []


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def start(command, **options):
    process = subprocess.Popen(command, **options)
    running.append(process)
    return process


def stop(process):
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
    running.remove(process)


def wait_port(port, seconds=30):
    end = time.time() + seconds
    while time.time() < end:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.02)
    raise SystemExit(f"nothing listens at port {port}")


def report(name, ours, peer, peer_name, bar, unit="/s", lower=False):
    ratio = ours / peer if peer else float("inf")
    ok = ratio <= bar if lower else ratio >= bar
    results.append(ok)
    print(f"{name:<58} {ours:>12,.0f}{unit}  {peer_name} {peer:>12,.0f}{unit}  ratio {ratio:5.2f}  bar {bar:g}  {'ok' if ok else 'MISSED'}",
          flush=True)


def aim(name, ours, peer, peer_name):
    """A figure to strive for; no bar."""
    print(f"{name:<58} {ours:>12,.0f}/s  {peer_name} {peer:>12,.0f}/s  ratio {ours / peer:5.2f}  aim 1", flush=True)


def report_limit(name, value, limit, unit):
    results.append(value <= limit)
    print(f"{name:<58} {value:>12,.1f} {unit}  limit {limit:g} {unit}  {'ok' if value <= limit else 'MISSED'}", flush=True)


def wrk(url, script=None, headers=(), connections=32, env=None):
    command = ["wrk", "-t", "2", "-c", str(connections), "-d", f"{SECONDS}s", url]
    for header in headers:
        command += ["-H", header]
    if script:
        command += ["-s", os.path.join(HERE, "wrk", script)]
    text = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **(env or {})}).stdout
    failed = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    if failed:
        raise SystemExit(f"{url}: {failed.group(1)} requests failed\n{text}")
    return float(re.search(r"Requests/sec:\s+([\d.]+)", text).group(1))


ROUNDS = 5


def in_turn(*measures):
    """The median of each, measured in turn: a machine that is slower for a while is slower for all of them."""
    rates = [[measure() for measure in measures] for _ in range(ROUNDS)]
    return [sorted(values)[ROUNDS // 2] for values in zip(*rates)]


class Server:
    """A `cfg serve` of its own."""

    def __init__(self, folder, database_url=None):
        self.folder, self.port = folder, free_port()
        arguments = [CFG, "serve", "--listen", f"127.0.0.1:{self.port}", "--log-level", "warning"]
        arguments += ["--database-url", database_url] if database_url else ["--dev", "--data", folder]
        begin = time.time()
        self.process = start(arguments, stdout=subprocess.PIPE, text=True)
        lines = []
        while True:
            line = self.process.stdout.readline()
            if not line:
                raise SystemExit("cfg did not start")
            lines.append(line)
            if "token" in line:
                self.token = re.search(r"cfg_\w{38}", line).group(0)
                break
            if database_url is None and line.startswith("cfg is ready") and os.path.exists(folder + "/dev-token"):
                self.token = open(folder + "/dev-token").read().strip()
                break
        self.start_seconds = time.time() - begin

    def call(self, method, path, body=None, content_type="application/json"):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        data = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self.token}"}
        if data is not None:
            headers["Content-Type"] = content_type
        connection.request(method, "/api/v1" + path, data, headers)
        answer = connection.getresponse()
        text = answer.read()
        if answer.status >= 300:
            raise SystemExit(f"{method} {path}: {answer.status} {text[:400]}")
        return text

    def change(self, project, operations):
        return json.loads(self.call("POST", f"/projects/{project}/changes", {"message": "bench", "operations": operations}))

    def make(self, project, environments):
        self.change(project, [{"op": "put", "kind": "project", "value": {}}] + [
            {"op": "put", "kind": "environment", "key": name, "value": {"inherits": parents} if parents else {}}
            for name, parents in environments])

    def memory_mib(self):
        for line in open(f"/proc/{self.process.pid}/status"):
            if line.startswith("VmRSS"):
                return int(line.split()[1]) / 1024

    def stop(self):
        stop(self.process)


class Etcd:
    def __init__(self, folder):
        self.port, peer = free_port(), free_port()
        self.process = start(
            ["etcd", "--data-dir", folder, "--listen-client-urls", f"http://127.0.0.1:{self.port}", "--advertise-client-urls",
             f"http://127.0.0.1:{self.port}", "--listen-peer-urls", f"http://127.0.0.1:{peer}", "--initial-advertise-peer-urls",
             f"http://127.0.0.1:{peer}", "--initial-cluster", f"default=http://127.0.0.1:{peer}"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_port(self.port)
        time.sleep(2)

    def put(self, key, value):
        subprocess.run(["etcdctl", "--endpoints", f"127.0.0.1:{self.port}", "put", key, value], check=True,
                       stdout=subprocess.DEVNULL, env={**os.environ, "ETCDCTL_API": "3"})

    def grpc(self, folder, method, message):
        """Unary calls per second over HTTP/2, 32 connections with one stream each."""
        body = os.path.join(folder, "grpc-body")
        with open(body, "wb") as file:
            file.write(b"\0" + struct.pack(">I", len(message)) + message)
        text = subprocess.run(
            ["h2load", "-t", "2", "-c", "32", "-m", "1", "-D", str(SECONDS), "-d", body, "-H", "content-type: application/grpc", "-H",
             "te: trailers", f"http://127.0.0.1:{self.port}/etcdserverpb.KV/{method}"], capture_output=True, text=True).stdout
        return float(re.search(r"finished in [\d.]+s, ([\d.]+) req/s", text).group(1))

    def stop(self):
        stop(self.process)


def field(number, data):
    size, out = len(data), bytes([number << 3 | 2])
    while size >= 0x80:
        out += bytes([size & 0x7F | 0x80])
        size >>= 7
    return out + bytes([size]) + data


def nginx(folder, files):
    port, root = free_port(), os.path.join(folder, "www")
    os.makedirs(root)
    os.chmod(folder, 0o755)
    for name, size in files.items():
        with open(os.path.join(root, name), "wb") as file:
            file.write(b"x" * size)
    with open(os.path.join(folder, "nginx.conf"), "w") as file:
        file.write(f"""worker_processes 2; daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
events {{ worker_connections 4096; }}
http {{ access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000; open_file_cache max=100;
server {{ listen 127.0.0.1:{port}; root {root}; default_type application/json; }} }}""")
    process = start(["nginx", "-p", folder, "-c", folder + "/nginx.conf"], stderr=subprocess.DEVNULL)
    wait_port(port)
    return process, port


def document_of(size):
    """Settings whose resolved document is about so many bytes."""
    count = max(1, size // 60)
    return [{"op": "put", "kind": "setting", "environment": "base", "key": f"service{i % 10}.group.key{i:05}", "value": "v" * 35}
            for i in range(count)]


def reads(folder):
    server = Server(folder + "/cfg")
    for name, size in (("small", 300), ("large", 100_000)):
        server.make(name, [("base", []), ("production", ["base"])])
        server.change(name, document_of(size))
    sizes = {name: len(server.call("GET", f"/projects/{name}/environments/production/settings")) for name in ("small", "large")}
    web, port = nginx(folder, sizes)
    etcd = Etcd(folder + "/etcd")
    etcd.put("bench/read", "x" * sizes["small"])
    authorization = [f"Authorization: Bearer {server.token}"]
    for name, bar in (("small", 0.30), ("large", 0.50)):
        url = f"http://127.0.0.1:{server.port}/api/v1/projects/{name}/environments/production/settings"
        static, ours, range_reads = in_turn(
            lambda: wrk(f"http://127.0.0.1:{port}/{name}"), lambda: wrk(url, headers=authorization),
            lambda: etcd.grpc(folder, "Range", field(1, b"bench/read")) if name == "small" else 0)
        report(f"read a document of {sizes[name]:,} bytes, token checked", ours, static, "nginx static", bar)
        if name == "small":
            report("the same", ours, range_reads, "etcd gRPC range", 2)
    stop(web)
    etcd.stop()
    server.stop()


def postgresql(folder):
    """A throw-away PostgreSQL as the tests use it: real, with fsync on. None where it is not installed."""
    folders = sorted((os.path.join("/usr/lib/postgresql", v, "bin") for v in os.listdir("/usr/lib/postgresql")), reverse=True) \
        if os.path.isdir("/usr/lib/postgresql") else []
    if not folders:
        return None
    data, port = folder + "/data", free_port()
    os.makedirs(folder, exist_ok=True)
    user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    if user:
        shutil.chown(folder, "postgres")
        os.chmod(os.path.dirname(folder), 0o755)
    subprocess.run(user + [folders[0] + "/initdb", "-D", data, "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8"],
                   check=True, stdout=subprocess.DEVNULL, cwd="/")
    control = user + [folders[0] + "/pg_ctl", "-D", data, "-w"]
    subprocess.run(control + ["-o", f"-p {port} -k {folder} -c listen_addresses=127.0.0.1", "-l", folder + "/log", "start"], check=True,
                   stdout=subprocess.DEVNULL, cwd="/")
    subprocess.run(user + ["createdb", "-h", "127.0.0.1", "-p", str(port), "-U", "postgres", "cfg"], check=True, cwd="/")
    return control, f"postgres://postgres@127.0.0.1:{port}/cfg"


def writes(folder):
    etcd = Etcd(folder + "/etcd")
    database = postgresql(folder + "/pg")
    if database is None:
        print("skipped: PostgreSQL is not installed")
    servers = [Server(folder + "/cfg")] + ([Server(folder + "/cfg-pg", database[1])] if database else [])
    try:
        for server in servers:
            server.make("bench", [("base", []), ("production", ["base"])])
        put = field(1, b"bench/write") + field(2, b"value of some length")
        changes = [lambda server=server: wrk(f"http://127.0.0.1:{server.port}", script="changes.lua",
                                             env={"CFG_BENCH_TOKEN": server.token}) for server in servers]
        gateway, grpc, embedded, *scaled = in_turn(
            lambda: wrk(f"http://127.0.0.1:{etcd.port}", script="etcd.lua"), lambda: etcd.grpc(folder, "Put", put), *changes)
        report("durable changes of 3 operations, SQLite, 32 clients", embedded, gateway, "etcd JSON put", 1)
        aim("the same", embedded, grpc, "etcd gRPC put (1 operation)")
        for rate in scaled:
            report("durable changes of 3 operations, PostgreSQL", rate, embedded, "on SQLite", 0.5)
    finally:
        etcd.stop()
        for server in servers:
            server.stop()
        if database:
            subprocess.run(database[0] + ["-m", "fast", "stop"], stdout=subprocess.DEVNULL, cwd="/")


def follow(server, count):
    """Opens that many watches, and returns them when each has had its first event."""
    request = (f"GET /api/v1/projects/bench/watch?environment=production&after=1 HTTP/1.1\r\nHost: x\r\n"
               f"Authorization: Bearer {server.token}\r\n\r\n").encode()
    watches = []
    for _ in range(count):
        watch = socket.create_connection(("127.0.0.1", server.port))
        watch.sendall(request)
        watches.append(watch)
    receive(watches, b"retry")
    return watches


@functools.cache
def reader():
    """What reads many sockets, compiled: Python would take the processors that the server has."""
    library = os.path.abspath(".build/receive.so")
    subprocess.run(["clang", "-O2", "-shared", "-fPIC", "-o", library, os.path.join(HERE, "receive.c")], check=True)
    return ctypes.CDLL(library)


def receive(watches, mark):
    """Reads until every watch has had the mark."""
    for watch in watches:
        watch.setblocking(False)
    descriptors = (ctypes.c_int * len(watches))(*(watch.fileno() for watch in watches))
    failure = reader().receive_all(descriptors, len(watches), mark, len(mark))
    if failure:
        raise SystemExit("a watch ended" if failure < 0 else f"watches cannot be read: {os.strerror(failure)}")


def watchers(folder):
    import resource
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    count = min(10_000, (hard - 200))
    server = Server(folder + "/cfg")
    server.make("bench", [("base", []), ("production", ["base"])])
    before = server.memory_mib()
    watches = follow(server, count)
    time.sleep(2)
    report_limit(f"memory of one of {count:,} idle watchers", (server.memory_mib() - before) * 1024 / count, 32, "kB")
    times = []
    for value in range(ROUNDS):
        begin = [0.0]

        def change():
            time.sleep(1)
            begin[0] = time.perf_counter()
            server.change("bench", [{"op": "put", "kind": "setting", "environment": "base", "key": "a", "value": value}])

        writer = threading.Thread(target=change)
        writer.start()
        receive(watches, b'"revision":' + str(value + 2).encode())
        times.append((time.perf_counter() - begin[0]) * 1000)
        writer.join()
    report_limit(f"commit to the last of {count:,} receivers (reader included)", sorted(times)[ROUNDS // 2], 250, "ms")
    server.stop()


def scale(folder):
    """1,000,000 settings in 1,000 environments above one base."""
    server = Server(folder + "/cfg")
    names = [f"env{i:04}" for i in range(1_000)]
    server.make("big", [("base", [])] + [(name, ["base"]) for name in names])
    server.change("big", [{"op": "put", "kind": "setting", "environment": "base", "key": f"shared.group{i % 20}.key{i}", "value": i}
                          for i in range(100)])
    for begin in range(0, 1_000, 20):
        server.change("big", [
            {"op": "put", "kind": "setting", "environment": name, "key": f"service{k % 50}.group{k % 20}.key{k}", "value": f"{name} {k}"}
            for name in names[begin:begin + 20] for k in range(999)])
    server.stop()
    server = Server(folder + "/cfg")
    report_limit("start with 1,000,000 settings in 1,000 environments", server.start_seconds, 10, "s")
    report_limit("memory after it", server.memory_mib(), 2048, "MiB")
    requests = "".join(
        f"GET /api/v1/projects/big/environments/{name}/settings/shared.group1.key1 HTTP/1.1\r\nHost: x\r\n"
        f"Authorization: Bearer {server.token}\r\n\r\n" for name in names).encode()

    def read_all(expected):
        """Asks in every environment, one request behind the other on one connection: what a client costs here is counted."""
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            sender = threading.Thread(target=connection.sendall, args=(requests,))
            sender.start()
            answers, seen = b"", 0
            while seen < len(names):
                data = connection.recv(1 << 20)
                if not data:
                    raise SystemExit(f"after {seen} answers: {answers[-400:]}")
                answers += data
                seen = answers.count(b"HTTP/1.1 200")
            # The last answer may have come in part.
            while expected is not None and answers.count(f'"value":{expected}'.encode()) < len(names):
                data = connection.recv(1 << 16)
                if not data:
                    raise SystemExit(f"not all read {expected}")
                answers += data
            sender.join()

    read_all(None)
    times = []
    for value in (7_001, 7_002, 7_003):
        begin = time.perf_counter()
        server.change("big", [{"op": "put", "kind": "setting", "environment": "base", "key": "shared.group1.key1", "value": value}])
        read_all(value)
        times.append((time.perf_counter() - begin) * 1000)
    report_limit("change to a base of 1,000, read in all of them (client included)", sorted(times)[1], 500, "ms")
    report_limit("memory after all were read", server.memory_mib(), 2048, "MiB")
    server.stop()


def history(folder):
    """Do commits slow down with history? The same load on a young ledger and on a long one."""
    goal = int(os.environ.get("CFG_BENCH_HISTORY", "1000000"))
    server = Server(folder + "/cfg")
    server.make("bench", [("base", []), ("production", ["base"])])
    rate = lambda: wrk(f"http://127.0.0.1:{server.port}", script="changes.lua", env={"CFG_BENCH_TOKEN": server.token})
    rate()
    young = rate()
    while True:
        revision = json.loads(server.call("GET", "/projects/bench/changes?limit=1"))["changes"][0]["revision"]
        if revision >= goal:
            break
        print(f"… {revision:,} revisions", file=sys.stderr, flush=True)
        for _ in range(max(1, min(20, int((goal - revision) / (young * SECONDS))))):
            rate()
    report(f"changes/s at {revision:,} revisions beside a young ledger", rate(), young, "young", 0.9)
    server.stop()


def pypi(folder, *packages):
    """A Python that has those of the packages that can be installed, and which these are."""
    python = folder + "/venv/bin/python"
    if subprocess.run([sys.executable, "-m", "venv", folder + "/venv"], stdout=subprocess.DEVNULL).returncode:
        return python, []
    return python, [package for package in packages if subprocess.run(
        [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", package]).returncode == 0]


def schemas(folder):
    """Validations of one document by one compiled schema in a second of the processor, each in a process and a thread of its own."""
    if not os.path.exists(SCHEMA_BENCHMARK):
        print(f"skipped: {SCHEMA_BENCHMARK} is missing; run make bench")
        return
    python, found = pypi(folder, "jsonschema-rs", "fastjsonschema")
    files = [os.path.join(HERE, "schemas", name) for name in ("service.schema.json", "service.json")]
    peers = [name for name in ("jsonschema-rs", "fastjsonschema") if name in found]
    for name in ("jsonschema-rs", "fastjsonschema"):
        if name not in peers:
            print(f"skipped: {name} cannot be installed from PyPI")

    def rate(command, source):
        text = subprocess.run(command + files + [source, str(SECONDS)], check=True, capture_output=True, text=True).stdout
        return float(text)

    for source, name in (("parsed", "validations of a parsed document of 1 KB"), ("text", "the same, read from its text each time")):
        commands = [[SCHEMA_BENCHMARK]] + [[python, os.path.join(HERE, "schemas", "peers.py"), peer] for peer in peers]
        ours, *others = in_turn(*[lambda command=command: rate(command, source) for command in commands])
        for peer, other in zip(peers, others):
            report(name, ours, other, peer, 1)
        if not peers:
            print(f"{name:<58} {ours:>12,.0f}/s")


def access(folder):
    """What it costs to know who calls and what they may, as part of what a read costs, both in time of the processor."""
    if not os.path.exists(ACCESS_BENCHMARK):
        print(f"skipped: {ACCESS_BENCHMARK} is missing; run make bench")
        return
    server = Server(folder + "/cfg")
    server.make("small", [("base", []), ("production", ["base"])])
    server.change("small", document_of(300))
    url = f"http://127.0.0.1:{server.port}/api/v1/projects/small/environments/production/settings"

    def processor_seconds():
        fields = open(f"/proc/{server.process.pid}/stat").read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def request_nanoseconds():
        begin = processor_seconds()
        rate = wrk(url, headers=[f"Authorization: Bearer {server.token}"])
        return (processor_seconds() - begin) / (rate * SECONDS) * 1e9

    def check_nanoseconds():
        return float(subprocess.run([ACCESS_BENCHMARK, str(SECONDS)], check=True, capture_output=True, text=True).stdout)

    check, request = in_turn(check_nanoseconds, request_nanoseconds)
    report("token and permissions of a read, 10,000 bindings", check, request, "the whole read", 0.10, unit=" ns", lower=True)
    server.stop()


def flags(folder):
    """Evaluations in one process and thread, over HTTP, and how fast a change of flags is everywhere."""
    evaluate_in_process(folder)
    server = Server(folder + "/cfg")
    server.make("bench", [("base", []), ("production", ["base"])])
    rule = {"rules": [{"when": [{"attribute": "country", "operator": "equals", "values": ["DE"]}], "serve": "on"}], "defaultVariant": "off"}
    flag = {"type": "boolean", "variants": {"on": True, "off": False}}

    def put(keys):
        return [operation for key in keys for operation in (
            {"op": "put", "kind": "flag", "key": key, "value": flag},
            {"op": "put", "kind": "flag-rule", "environment": "base", "key": key, "value": rule})]

    server.change("bench", put(["country"] + [f"flag-{i:03}" for i in range(499)]))
    web, port = nginx(folder, {"small": 90})
    environment = {"CFG_BENCH_TOKEN": server.token}
    static, ours = in_turn(lambda: wrk(f"http://127.0.0.1:{port}/small"),
                           lambda: wrk(f"http://127.0.0.1:{server.port}", script="evaluate.lua", env=environment))
    report("one flag over OFREP, token checked", ours, static, "nginx static", 0.25)
    stop(web)
    report_limit("all of 500 flags over OFREP, processor time of the server", bulk_milliseconds(server), 1, "ms")
    kill(server)
    many(server, put)
    server.stop()


def evaluate_in_process(folder):
    if not os.path.exists(FLAG_BENCHMARK):
        print(f"skipped: {FLAG_BENCHMARK} is missing; run make bench")
        return
    definitions = os.path.join(HERE, "flags", "flags.json")
    python, found = pypi(folder, "openfeature-flagd-core", "growthbook")

    def rates(command):
        text = subprocess.run(command + [definitions, "1"], check=True, capture_output=True, text=True).stdout
        return {fields[0]: [float(field) for field in fields[1:]] for fields in map(str.split, text.splitlines())}

    rounds = [(rates([FLAG_BENCHMARK]), [rates([python, os.path.join(HERE, "flags", "peers.py"), peer]) for peer in found])
              for _ in range(ROUNDS)]
    middle = lambda values: sorted(values)[ROUNDS // 2]
    for key, bar in (("static", 5e6), ("country", 5e6), ("two-conditions", 2.5e6), ("half", 2.5e6)):
        ours = middle([mine[key][0] for mine, _ in rounds])
        report(f"in process, one thread: {key}", ours, bar, "the bar", 1)
        for index, peer in enumerate(found):
            aim("the same", ours, middle([others[index][key][0] for _, others in rounds]), peer)
        report_limit(f"allocations an evaluation: {key}", middle([mine[key][1] for mine, _ in rounds]), 0, "")


def processor_seconds(server):
    fields = open(f"/proc/{server.process.pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def bulk_milliseconds(server):
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    headers = {"Authorization": f"Bearer {server.token}", "Content-Type": "application/json"}

    def ask(index):
        body = json.dumps({"context": {"targetingKey": f"user-{index}", "country": "DE"}})
        connection.request("POST", "/projects/bench/environments/production/ofrep/v1/evaluate/flags", body, headers)
        answer = connection.getresponse()
        if answer.status != 200 or len(json.loads(answer.read())["flags"]) != 500:
            raise SystemExit("the bulk evaluation failed")

    for index in range(50):
        ask(index)
    begin = processor_seconds(server)
    for index in range(1_000):
        ask(index)
    return processor_seconds(server) - begin


def kill(server):
    """A kill switch, until the last of 10,000 event streams has been told."""
    import resource
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    count = min(10_000, hard - 200)
    request = (f"GET /projects/bench/environments/production/ofrep/v1/events HTTP/1.1\r\nHost: x\r\n"
               f"Authorization: Bearer {server.token}\r\n\r\n").encode()
    streams = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(count)]
    for stream in streams:
        stream.sendall(request)
    receive(streams, b"retry")
    time.sleep(2)
    times = []
    for index in range(ROUNDS):
        begin = [0.0]

        def pull():
            time.sleep(1)
            begin[0] = time.perf_counter()
            operation = {"kind": "flag-kill", "environment": "base", "key": "country"}
            server.change("bench", [{"op": "put", "value": {"variant": "off", "reason": f"bench {index}"}, **operation}
                                    if index % 2 == 0 else {"op": "delete", **operation}])

        puller = threading.Thread(target=pull)
        puller.start()
        receive(streams, b"refetchEvaluation")
        times.append((time.perf_counter() - begin[0]) * 1000)
        puller.join()
    for stream in streams:
        stream.close()
    report_limit(f"kill switch to the last of {count:,} event streams (reader included)", sorted(times)[ROUNDS // 2], 250, "ms")


def many(server, put):
    """One of 100,000 flags is altered, until an evaluation shows it."""
    server.make("many", [("production", [])])
    rename = lambda operations: [{**operation, "environment": "production"} if "environment" in operation else operation
                                 for operation in operations]
    for begin in range(0, 100_000, 2_000):
        server.change("many", rename(put([f"flag-{i:06}" for i in range(begin, begin + 2_000)])))
    path = "/projects/many/environments/production/evaluate"
    ask = lambda: json.loads(server.call("POST", path, {"flags": ["flag-050000"], "context": {"country": "DE"}}))["flags"][0]["variant"]
    ask()
    times = []
    for index in range(ROUNDS):
        wanted = "off" if index % 2 == 0 else "on"
        rule = {"rules": [{"when": [{"attribute": "country", "operator": "equals", "values": ["DE"]}], "serve": wanted}], "defaultVariant": "off"}
        begin = time.perf_counter()
        server.change("many", [{"op": "put", "kind": "flag-rule", "environment": "production", "key": "flag-050000", "value": rule}])
        if ask() != wanted:
            raise SystemExit("the flag is not what it was made")
        times.append((time.perf_counter() - begin) * 1000)
    report_limit("one of 100,000 flags altered and evaluated (client included)", sorted(times)[ROUNDS // 2], 200, "ms")


PARTS = {"reads": reads, "writes": writes, "watchers": watchers, "scale": scale, "history": history, "schemas": schemas,
         "access": access, "flags": flags}


def main():
    chosen = sys.argv[1:] or list(PARTS)
    for name in chosen:
        if name not in PARTS:
            raise SystemExit(f"{name} is none of {', '.join(PARTS)}")
    if chosen != ["schemas"] and not os.path.exists(CFG):
        raise SystemExit(f"{CFG} is missing; run make bench")
    base = tempfile.mkdtemp(prefix="cfg-bench-")
    try:
        for name in chosen:
            print(f"— {name}", flush=True)
            os.makedirs(f"{base}/{name}")
            os.chmod(base, 0o755)
            PARTS[name](f"{base}/{name}")
    finally:
        for process in list(running):
            process.kill()
        shutil.rmtree(base, ignore_errors=True)
    print(f"{sum(results)} of {len(results)} bars reached")


main()

import Settings
import Testing

@Suite("Mistakes in settings")
struct SettingProblemTests {
    @Test(
        "each is told with its place, its path and a hint",
        arguments: [
            // Keys
            ("workers:\n  cuont: 4\n", "acode.yaml:2:3: workers.cuont: is not a known setting (did you mean count?)"),
            (
                "workers:\n  docker:\n    resources:\n      memory_mb: 1\n",
                "acode.yaml:4:7: workers.docker.resources.memory_mb: is not a known setting (did you mean memoryMb?)"
            ),
            (
                "workers:\n  image: debian\n",
                "acode.yaml:2:3: workers.image: is not a known setting (did you mean workers.docker.image?)"
            ),
            (
                "xyzzy: 1\n",
                "acode.yaml:1:1: xyzzy: is not a known setting "
                    + "(known are handlers, routing, roles, secrets, workers, queue, backpressure, store, logs, outputs, scratch, checkpoints, retention, http, supervisor, state)"
            ),
            (
                "workers: 4\n",
                "acode.yaml:1:10: workers: expected a mapping of mode, count, pool, fallback, "
                    + "fallbackIgnoresNetwork, recycle, spares, startTimeout, stopTimeout, shutdownTimeout, statsInterval, "
                    + "gcInterval, highUsageWarning, egress, health, autoscale, docker, found \"4\""
            ),
            (
                "workers: {spares: many}",
                "acode.yaml:1:19: workers.spares: expected a whole number from 0 to 64, or auto, found \"many\""
            ),
            (
                "workers: {autoscale: {min: 3}}",
                "acode.yaml:1:28: workers.autoscale.min: must not be more than workers.autoscale.max, which is 0 "
                    + "(set workers.autoscale.max, or the pool does not grow)"
            ),
            (
                "- a\n",
                "acode.yaml:1:1: expected a mapping of handlers, routing, roles, secrets, workers, queue, backpressure, store, logs, outputs, scratch, checkpoints, retention, http, supervisor, state, found a list"
            ),
            // Types and ranges
            (
                "workers:\n  count: many\n",
                "acode.yaml:2:10: workers.count: expected a whole number from 1 to 256, found \"many\""
            ),
            (
                "workers: {count: 0}",
                "acode.yaml:1:18: workers.count: expected a whole number from 1 to 256, found \"0\""
            ),
            (
                "workers: {count: \"4\"}",
                "acode.yaml:1:18: workers.count: expected a whole number from 1 to 256, found \"4\" (remove the quotes)"
            ),
            (
                "workers: {count: 04}",
                "acode.yaml:1:18: workers.count: expected a whole number from 1 to 256, found \"04\" "
                    + "(write it without the leading zero)"
            ),
            (
                "queue: {defaultTimeout: never}",
                "acode.yaml:1:25: queue.defaultTimeout: expected a duration from 10ms to 8760h, or none, found \"never\" "
                    + "(write seconds as a number, or 250ms, 90s, 5m, 2h)"
            ),
            (
                "workers: {count: [4]}",
                "acode.yaml:1:18: workers.count: expected a whole number from 1 to 256, found a list"
            ),
            (
                "workers:\n  count:\n",
                "acode.yaml:2:9: workers.count: expected a whole number from 1 to 256, found nothing"
            ),
            (
                "workers: {mode: podman}",
                "acode.yaml:1:17: workers.mode: expected one of docker, local, found \"podman\""
            ),
            (
                "workers: {docker: {registryAuth: {r.example: {username: u, passwordSecret: tok}}}}",
                "acode.yaml:1:76: workers.docker.registryAuth.r.example.passwordSecret: there is no secret named tok "
                    + "(say in secrets where it comes from)"
            ),
            (
                "workers: {docker: {registryAuth: {'https://r': {username: u, passwordSecret: t}}}}",
                "acode.yaml:1:35: workers.docker.registryAuth.https://r: is not a registry (its host, and its port "
                    + "if need be, as in registry.example.com:5000)"
            ),
            (
                "workers: {docker: {registryAuth: {r.example: {username: u, password: p}}}}",
                "acode.yaml:1:60: workers.docker.registryAuth.r.example.password: a password does not belong into a "
                    + "configuration file (name a secret in passwordSecret, and where it comes from in secrets)"
            ),
            (
                "workers: {docker: {pullPolicy: ifNotPresnt}}",
                "acode.yaml:1:32: workers.docker.pullPolicy: expected one of always, never, ifNotPresent, "
                    + "found \"ifNotPresnt\" (did you mean ifNotPresent?)"
            ),
            (
                "workers: {fallback: yes}",
                "acode.yaml:1:21: workers.fallback: expected true or false, found \"yes\" (write true)"
            ),
            (
                "workers: {startTimeout: 30 seconds}",
                "acode.yaml:1:25: workers.startTimeout: expected a duration from 1s to 10m, found \"30 seconds\" "
                    + "(write seconds as a number, or 250ms, 90s, 5m, 2h)"
            ),
            (
                "workers: {startTimeout: 3h}",
                "acode.yaml:1:25: workers.startTimeout: expected a duration from 1s to 10m, found \"3h\""
            ),
            (
                "workers: {recycle: on_failure}",
                "acode.yaml:1:20: workers.recycle: expected one of never, onFailure, always, or afterTasks: N, "
                    + "found \"on_failure\" (did you mean onFailure?)"
            ),
            (
                "workers:\n  recycle:\n    afterTasks: 0\n",
                "acode.yaml:3:17: workers.recycle.afterTasks: expected a whole number from 1 to 1000000, found \"0\""
            ),
            (
                "workers: {docker: {resources: {memoryMb: 512MB}}}",
                "acode.yaml:1:42: workers.docker.resources.memoryMb: expected MiB as a number from 6 to 16777216, "
                    + "or a size such as 512MiB, found \"512MB\" (write KiB, MiB, GiB or TiB)"
            ),
            (
                "workers: {docker: {resources: {memoryMb: 5}}}",
                "acode.yaml:1:42: workers.docker.resources.memoryMb: expected MiB as a number from 6 to 16777216, "
                    + "or a size such as 512MiB, found \"5\""
            ),
            (
                "workers: {docker: {resources: {cpus: .inf}}}",
                "acode.yaml:1:38: workers.docker.resources.cpus: expected a number from 0.01 to 1024, found \".inf\""
            ),
            (
                "workers: {pool: My_Pool}",
                "acode.yaml:1:17: workers.pool: expected a name of a-z, 0-9 and -, at most 40 characters, "
                    + "found \"My_Pool\" (1 to 40 of a-z, 0-9 and -)"
            ),
            // Texts with a syntax of their own
            (
                "workers: {docker: {image: Debian}}",
                "acode.yaml:1:27: workers.docker.image: is not an image reference: \"Debian\" can't be part of a "
                    + "repository name (repository names are in lower case: debian)"
            ),
            (
                "workers: {docker: {network: 'container:db'}}",
                "acode.yaml:1:29: workers.docker.network: must not be the network of another container"
            ),
            (
                "workers: {docker: {user: worker}}",
                "acode.yaml:1:26: workers.docker.user: expected a user and a group as numbers, uid:gid, found \"worker\" "
                    + "(names differ between images; write numbers, as in 1000:1000)"
            ),
            (
                "workers: {docker: {user: \"0:0\"}}",
                "acode.yaml:1:26: workers.docker.user: must not be root "
                    + "(write 1000:1000, or set workers.docker.allowRoot to true)"
            ),
            (
                "workers: {docker: {socket: \"tcp://1.2.3.4:2375\"}}",
                "acode.yaml:1:28: workers.docker.socket: only sockets of this host are supported "
                    + "(as in unix:///run/docker.sock)"
            ),
            (
                "workers: {docker: {dns: [10.0.0.2, dns.example]}}",
                "acode.yaml:1:36: workers.docker.dns[1]: expected the address of a name server, found \"dns.example\""
            ),
            (
                "workers: {docker: {extraHosts: [db]}}",
                "acode.yaml:1:33: workers.docker.extraHosts[0]: expected a host as name:address, found \"db\" "
                    + "(as in db.local:10.0.0.5)"
            ),
            (
                "workers: {docker: {environment: {A-B: x}}}",
                "acode.yaml:1:34: workers.docker.environment.A-B: is not a possible name of a variable "
                    + "(letters, digits and _ only)"
            ),
            (
                "workers: {docker: {environment: {ACODE_X: x}}}",
                "acode.yaml:1:34: workers.docker.environment.ACODE_X: names that begin with ACODE_ are set by acode itself "
                    + "(use another name)"
            ),
            (
                "http: {listen: \"8080\"}",
                "acode.yaml:1:16: http.listen: expected an address as host:port, or \"\", found \"8080\" (write 127.0.0.1:8080)"
            ),
            (
                "http: {listen: \":8080\"}",
                "acode.yaml:1:16: http.listen: expected an address as host:port, or \"\", found \":8080\" "
                    + "(for all addresses write 0.0.0.0:8080)"
            ),
            (
                "store: {path: ~/acode.sqlite}",
                "acode.yaml:1:15: store.path: expected an absolute path, found \"~/acode.sqlite\" "
                    + "(~ is not expanded; write the whole path)"
            ),
            // Mounts
            (
                "workers:\n  docker:\n    mounts:\n      - source: /proc\n        target: /x\n",
                "acode.yaml:4:17: workers.docker.mounts[0].source: must not be mounted: /proc belongs to the kernel"
            ),
            (
                "workers:\n  docker:\n    mounts:\n      - source: /a\n        traget: /x\n",
                """
                acode.yaml:4:9: workers.docker.mounts[0].target: is missing; expected an absolute path in the container
                acode.yaml:5:9: workers.docker.mounts[0].traget: is not a known key (did you mean target?)
                """
            ),
            (
                "workers:\n  docker:\n    mounts: [{source: /a, target: /x}, {source: /b, target: /x/}]\n",
                "acode.yaml:3:40: workers.docker.mounts[1]: is the second mount at /x (give it another target)"
            ),
            (
                "workers:\n  docker:\n    mounts: [{source: 'a', target: '/x,y'}]\n",
                """
                acode.yaml:3:23: workers.docker.mounts[0].source: expected an absolute path of this host, found "a"
                acode.yaml:3:36: workers.docker.mounts[0].target: must not contain a comma (engines split options at commas)
                """
            ),
            (
                "state: {dir: /data/acode}\nworkers: {docker: {mounts: [{source: /data, target: /x}]}}\n",
                "acode.yaml:2:38: workers.docker.mounts[0].source: must not be mounted: it contains /data/acode, "
                    + "which holds acode's own state"
            ),
            // Secrets
            (
                "secrets:\n  token: hunter2\n",
                "acode.yaml:2:10: secrets.token: expected one of {file: path}, {env: NAME} or "
                    + "{command: [program, argument]}, found a text "
                    + "(the value of a secret does not belong into a configuration file)"
            ),
            (
                "secrets:\n  token: {file: /x, env: Y}\n",
                "acode.yaml:2:10: secrets.token: expected one of {file: path}, {env: NAME} or "
                    + "{command: [program, argument]}, found file and env"
            ),
            (
                "secrets:\n  token: {command: cat x}\n",
                "acode.yaml:2:20: secrets.token.command: expected a list of the program and its arguments, "
                    + "found \"cat x\" (no shell is involved; write [\"sh\", \"-c\", \"…\"] to use one)"
            ),
            // Settings that do not fit together
            (
                "queue:\n  lease: 10s\n",
                "acode.yaml:2:10: queue.heartbeat: must be less than half of queue.lease, which is 10s "
                    + "(a third is a good choice: 3333ms)"
            ),
            (
                "queue:\n  lease: 9s\n  heartbeat: 5s\n",
                "acode.yaml:3:14: queue.heartbeat: must be less than half of queue.lease, which is 9s "
                    + "(a third is a good choice: 3s)"
            ),
            (
                "queue: {retry: {backoff: 10m}}",
                "acode.yaml:1:26: queue.retry.backoff: must not be more than queue.retry.maxBackoff, which is 5m"
            ),
        ])
    func mistake(text: String, expected: String) throws {
        #expect(try problems(text).joined(separator: "\n") == expected)
    }

    @Test("all are told at once, in the order of the file, also with keys that appear twice")
    func allAtOnce() throws {
        let text = """
            workers:
              count: 0
              mode: dokcer
              count: 3
              docker:
                imgae: x
                resources: {cpus: 0, pidsLimit: no}
            queue: {heartbeat: 50s}
            http: {listen: x}
            """
        let places = try problems(text).map { $0.split(separator: " ")[..<2].joined(separator: " ") }
        #expect(
            places == [
                "acode.yaml:2:10: workers.count:", "acode.yaml:3:9: workers.mode:", "acode.yaml:4:3: workers.count:",
                "acode.yaml:6:5: workers.docker.imgae:", "acode.yaml:7:23: workers.docker.resources.cpus:",
                "acode.yaml:7:37: workers.docker.resources.pidsLimit:", "acode.yaml:9:16: http.listen:",
                "acode.yaml:8:20: queue.heartbeat:",
            ])
    }

    @Test("many mistakes are counted, not all printed")
    func bounded() throws {
        let text = (0..<150).map { "key\($0): 1" }.joined(separator: "\n")
        let found = try problems(text)
        #expect(found.count == 101)
        #expect(found.last == "acode.yaml: and 50 more mistakes")
    }

    @Test("a value that looks like a secret gives a warning, not its value")
    func secretInEnvironment() throws {
        let resolved = try load("workers:\n  docker:\n    environment:\n      DB_PASSWORD: hunter2\n")
        #expect(
            resolved.warnings.map(\.description) == [
                "acode.yaml:4:20: workers.docker.environment.DB_PASSWORD: looks like a secret, and everybody who may look at "
                    + "a container sees it (name where it comes from in secrets, and it becomes a file in /run/secrets)"
            ])
        #expect(!resolved.render(origins: true).contains("hunter2"))
    }
}

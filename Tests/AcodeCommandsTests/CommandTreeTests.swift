import ArgumentParser
import Foundation
import Settings
import Supervisor
import TaskModel
import Testing

@testable import AcodeCommands

@Suite("Command tree")
struct CommandTreeTests {
    @Test(arguments: [
        "run -- true", "worker start --mode local --count 2 --queue a --queue b --listen 127.0.0.1:0", "worker list -q",
        "worker show abc", "worker logs -f --tail 5 abc", "worker logs -n 5 abc", "worker stats --watch",
        "worker stop --force abc", "worker drain --wait", "worker restart a b --force", "worker restart --all",
        "worker scale 3", "task list --state error,complete -l 5", "task show 0198",
        "task logs -f --attempt 2 0198", "task events -f 0198", "task wait --timeout 5s 0198 0199", "task cancel 0198",
        "task retry 0198", "image pull --policy always -q debian:12", "image pull", "image list --json", "queue",
        "queue status", "queue list", "queue dead", "queue pause a b --reason later", "queue resume a",
        "queue limit a 3", "queue limit a none", "task submit --ttl 5m --unique-key k --unique-window 1h -- true",
        "queue dead list --queue a -l 5", "queue dead show 0198", "db prune",
        "db prune --older-than 7d --state error,complete",
        "db prune --state cancelled --dry-run --compact --json", "db audit --queue a -l 5",
        "task retry 0198 --reason fixed",
        "queue dead purge --all --why old",
        "task retry --from-start 0198", "queue dead requeue --from-start --all",
        "queue dead requeue 0198 0199", "queue dead requeue --reason refused", "queue dead purge --older-than 7d",
        "config show --origin --json",
        "task submit --type cog --param a=b --param c=-d --params-file - --label big --queue q", "task list --type cog",
        "queue route --type cog --param a=b --label big", "worker start --role heavy",
        "config validate --env prod", "doctor --json", "task submit --wait --json --pool other -- true",
    ])
    func theDocumentedFormsAreUnderstood(line: String) throws {
        _ = try AcodeCommand.parseAsRoot(line.split(separator: " ").map(String.init))
    }

    @Test(arguments: [
        "task list --state nonsense", "task list --limit 0", "run", "worker logs --tail -1 abc", "worker restart",
        "worker restart --all a", "worker scale", "worker scale 257",
        "worker scale -- -1", "tasks", "task submit", "queue dead requeue", "queue dead purge", "queue pause",
        "queue limit a", "queue limit a -1",
        "queue limit a some", "task submit --unique-window 1h -- true", "queue dead requeue --all 0198",
        "queue dead list --limit 0", "image pull Not/An/Image", "db prune --state inProgress", "db audit --task 0198",
        "task submit --type cog -- true", "task submit --param a=b -- true",
        "task submit --type cog --file t.yaml", "queue route --param a=b", "task submit --file t --label a",
        "task submit --file t --queue q", "task submit --file t --env A=b", "task submit --file t --priority 1",
        "db prune --state complete,",
    ])
    func mistakesAreUsageErrors(line: String) {
        do {
            _ = try AcodeCommand.parseAsRoot(line.split(separator: " ").map(String.init))
            Issue.record("\(line) should be refused")
        } catch {
            #expect(AcodeCommand.exitCode(for: error).rawValue == ExitCodes.usage)
        }
    }

    /// As an unset variable of a script says it.
    @Test func anEmptyStateDoesNotMeanAll() {
        #expect(throws: (any Error).self) { try AcodeCommand.parseAsRoot(["db", "prune", "--state", ""]) }
    }

    @Test(arguments: ["bash", "zsh", "fish"])
    func completionScriptsKnowTheCommands(shell: String) throws {
        let shell = try #require(CompletionShell(rawValue: shell))
        let script = AcodeCommand.completionScript(for: shell)
        for word in ["worker", "submit", "doctor", "engine-socket"] { #expect(script.contains(word)) }
    }

    @Test func optionsBecomeSettingsWithTheirOrigin() throws {
        let arguments = [
            "worker", "start", "--mode", "local", "-c", "2", "--image", "busybox", "--keep-containers", "--no-fallback",
            "--queue", "a", "--queue", "b", "--listen", "127.0.0.1:8080", "--cpus", "0.5", "--memory-mb", "64",
            "--pids", "10", "--pool", "other", "--state-dir", "/var/tmp/x", "--log-level", "debug",
            "--engine-socket", "/run/e.sock", "--pull-policy", "never", "--network", "none", "--shutdown-timeout", "5s",
        ]
        let command = try #require(try AcodeCommand.parseAsRoot(arguments) as? WorkerStart)
        let resolved = try SettingsLoader.load(
            configPath: nil, environment: ["XDG_CONFIG_HOME": "/nonexistent"],
            flags: command.global.settingFlags + command.settingFlags, workingDirectory: "/nonexistent", userID: 1000)
        let settings = resolved.settings
        #expect(settings.workers.mode == .local)
        #expect(settings.workers.count == 2)
        #expect(settings.workers.docker.image == "busybox")
        #expect(settings.workers.docker.keepContainers)
        #expect(!settings.workers.fallback)
        #expect(settings.queue.queues == ["a", "b"])
        #expect(settings.http.listen == ListenAddress(host: "127.0.0.1", port: 8080))
        #expect(settings.workers.docker.resources.limits == .init(cpus: 0.5, memoryMb: 64, pidsLimit: 10))
        #expect(settings.workers.pool == "other")
        #expect(settings.state.dir == "/var/tmp/x")
        #expect(settings.workers.docker.pullPolicy == .never)
        #expect(settings.workers.shutdownTimeout == .seconds(5))
        #expect(resolved.origins["workers.count"] == .flag("--count"))
        #expect(resolved.origins["workers.fallback"] == .flag("--no-fallback"))
    }

    @Test func settingsAsJSONAreNestedAndHideSecrets() throws {
        var environment = ["ACODE_WORKERS_COUNT": "3", "XDG_CONFIG_HOME": "/nonexistent"]
        environment["ACODE_WORKERS_DOCKER_ENVIRONMENT"] = "{API_TOKEN: hunter2, A: b}"
        let resolved = try SettingsLoader.load(
            configPath: nil, environment: environment, flags: [], workingDirectory: "/nonexistent", userID: 1000)
        let text = try JSONText.pretty(try SettingsTree.of(resolved, origins: true))
        #expect(!text.contains("hunter2"))
        let object = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        let workers = try #require(object["workers"] as? [String: Any])
        let count = try #require(workers["count"] as? [String: Any])
        #expect(count["value"] as? Int == 3)
        #expect(count["origin"] as? String == "$ACODE_WORKERS_COUNT")
        let plain = try #require(
            try JSONSerialization.jsonObject(
                with: Data(try JSONText.pretty(try SettingsTree.of(resolved, origins: false)).utf8)) as? [String: Any])
        #expect((plain["workers"] as? [String: Any])?["pool"] as? String == "default")
        #expect(((plain["workers"] as? [String: Any])?["fallback"]) as? Bool == true)
    }

    @Test func everyOverlayIsValidated() async throws {
        try await StoreFixture.withDirectory { directory in
            let file = "\(directory)/acode.yaml"
            try "workers: {count: 2}".write(toFile: file, atomically: false, encoding: .utf8)
            try "workers: {count: 300}".write(
                toFile: "\(directory)/acode.prod.yaml", atomically: false, encoding: .utf8)
            try "workers: {count: 3}".write(toFile: "\(directory)/acode.dev.yaml", atomically: false, encoding: .utf8)
            let command = try #require(
                try AcodeCommand.parseAsRoot(["config", "validate", "--config", file]) as? ConfigValidate)
            let reports = ConfigValidate.check(command.global, environments: [], variables: [:])
            #expect(reports.map(\.environment) == [nil, "dev", "prod"])
            #expect(reports.map(\.isValid) == [true, true, false])
            #expect(reports[2].problems.first?.contains("acode.prod.yaml:1:18: workers.count") == true)
            let one = ConfigValidate.check(command.global, environments: ["dev"], variables: [:])
            #expect(one.map(\.environment) == ["dev"])
        }
    }

    @Test func theAgentIsLookedForBesideTheProgram() {
        #expect(
            AgentLocation.candidates(executable: "/usr/bin/acode", environment: [:])
                == ["/usr/bin/acode-agent", "/usr/libexec/acode/acode-agent", "/usr/lib/acode/acode-agent"])
        #expect(
            AgentLocation.candidates(executable: "/usr/bin/acode", environment: ["ACODE_AGENT": "/opt/a"]) == ["/opt/a"]
        )
    }

    @Test(arguments: [(0, "acode: shutting down"), (1, "1 running task;"), (3, "3 running tasks;")])
    func theFirstSignalIsAnswered(busy: Int, words: String) {
        let text = SupervisorProcess.farewell(busy: busy, limit: .seconds(60))
        #expect(text.contains(words))
        if busy > 0 { #expect(text.contains("up to 60s")) }
    }
}

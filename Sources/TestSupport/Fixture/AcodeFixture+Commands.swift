internal import Foundation

extension AcodeFixture {
    /// Variables of every command: where the state is, which configuration, which pool.
    package var environment: [String: String] {
        ProcessPlan.plainEnvironment.merging([
            "ACODE_CONFIG": configuration, "ACODE_STATE_DIR": stateDirectory, "ACODE_RUNTIME_DIR": runtimeDirectory,
            "ACODE_WORKERS_POOL": pool, "TMPDIR": "\(directory)/tmp", "NO_COLOR": "1",
        ]) { _, own in own }
    }

    /// The plan of one command; `environment` is added to the fixture's.
    package func plan(
        _ arguments: [String], environment: [String: String] = [:], input: ProcessPlan.Input = .nothing,
        user: UInt32? = nil
    ) -> ProcessPlan {
        ProcessPlan(
            binary, arguments, environment: self.environment.merging(environment) { _, own in own },
            directory: scratch, input: input, user: user)
    }

    /// Runs `acode ARGUMENTS…` to its end, whatever its exit code.
    ///
    /// - Throws: `UnexpectedEnd` when it takes longer than `limit`.
    package func acode(
        _ arguments: [String], environment: [String: String] = [:], input: ProcessPlan.Input = .nothing,
        user: UInt32? = nil, within limit: Duration = .seconds(30)
    ) async throws -> FinishedProcess {
        try await ChildProcess.run(
            plan(arguments, environment: environment, input: input, user: user), logs: logs, within: limit)
    }

    /// Runs `acode ARGUMENTS…` to its end, whatever its exit code.
    package func acode(_ arguments: String..., within limit: Duration = .seconds(30)) async throws -> FinishedProcess {
        try await acode(arguments, within: limit)
    }

    /// Runs `acode ARGUMENTS… --json` and parses what it prints.
    ///
    /// - Throws: `UnexpectedEnd` when it fails, `NotJSON`.
    package func json(_ arguments: String..., within limit: Duration = .seconds(30)) async throws -> JSONValue {
        try await acode(arguments + ["--json"], within: limit).json()
    }

    /// Runs `acode task submit OPTIONS… --wait -- COMMAND…`.
    package func submitAndWait(
        _ options: [String] = [], _ command: [String], within limit: Duration = .seconds(40)
    ) async throws -> FinishedProcess {
        try await acode(["task", "submit"] + options + ["--wait", "--"] + command, within: limit)
    }

    /// Submits a shell script and waits for it.
    package func runScript(
        _ script: String, _ options: [String] = [], within limit: Duration = .seconds(40)
    ) async throws -> FinishedProcess {
        try await submitAndWait(options, ["sh", "-c", script], within: limit)
    }

    /// Submits without waiting and returns the id.
    package func submit(_ options: [String] = [], _ command: [String]) async throws -> String {
        let submitted = try await acode(["task", "submit"] + options + ["-q", "--"] + command).succeeded()
        guard submitted.lines.count == 1, let id = submitted.lines.first else {
            throw UnexpectedEnd(process: submitted)
        }
        return id
    }

    /// Submits a shell script without waiting and returns the id.
    package func submitScript(_ script: String, _ options: [String] = []) async throws -> String {
        try await submit(options, ["sh", "-c", script])
    }

    /// `task show`.
    package func task(_ id: String) async throws -> JSONValue { try await json("task", "show", id) }

    /// Every task of the fixture's store.
    package func tasks() async throws -> [JSONValue] {
        try await json("task", "list", "--limit", "5000").elements
    }

    /// The task whose name this is, as the list shows it.
    package func task(named name: String) async throws -> JSONValue {
        try await tasks().first { $0["name"] == name } ?? .null
    }

    /// Waits until a task is in a state.
    ///
    /// - Throws: `NotInTime` with what the task looks like.
    @discardableResult
    package func waitFor(
        _ id: String, state: String, within limit: Duration = .seconds(30)
    ) async throws -> JSONValue {
        var last = JSONValue.null
        return try await eventually(
            "task \(id) to be \(state)", within: limit, every: .milliseconds(50), seen: { (try? last.encoded()) ?? "" }
        ) {
            last = try await self.task(id)
            return last["state"] == state ? last : nil
        }
    }

    /// Waits until a task's log holds a text, which its command prints once it runs.
    ///
    /// - Throws: `NotInTime`.
    package func waitFor(_ id: String, toPrint text: String, within limit: Duration = .seconds(30)) async throws {
        try await eventually("task \(id) to print '\(text)'", within: limit, every: .milliseconds(50)) {
            try await self.acode("task", "logs", id).text.contains(text)
        }
    }

    /// `worker list`.
    package func workers() async throws -> [JSONValue] { try await json("worker", "list").elements }
}

internal import Foundation
internal import Subprocess
internal import TaskModel

/// The environment of local workers: what programs need to run at all, and nothing else of the supervisor's own.
enum LocalEnvironment {
    private static let passed = ["PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TZ", "TMPDIR", "SHELL"]

    /// What the agent itself gets.
    static func agent(worker: WorkerID) -> [Environment.Key: String] {
        var environment: [Environment.Key: String] = [:]
        for (name, value) in inherited() { environment[Environment.Key(stringLiteral: name)] = value }
        environment[Environment.Key(stringLiteral: LeftoverProcesses.mark)] = worker.rawValue
        return environment
    }

    /// What every task of the worker gets unless it says otherwise.
    static func task(worker: WorkerID, directory: WorkerDirectory) -> [String: String] {
        inherited().merging([
            LeftoverProcesses.mark: worker.rawValue, "ACODE_SECRETS_DIR": directory.secrets,
            "ACODE_TEMP_DIR": directory.temporary, "ACODE_OUTPUT_DIR": directory.outputs,
            "ACODE_RESULT_FILE": directory.resultFile, "ACODE_TASK_FILE": directory.taskFile,
            "ACODE_CHECKPOINT_FILE": directory.checkpointFile, "ACODE_STOP_FILE": directory.stopFile,
        ]) { _, own in own }
    }

    private static func inherited() -> [String: String] {
        ProcessInfo.processInfo.environment.filter { passed.contains($0.key) }
    }
}

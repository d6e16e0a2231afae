internal import Foundation
package import Settings
package import TaskModel

/// Where everything of one pool is on disk.
package struct StateLayout: Sendable {
    /// What outlives a restart.
    package let stateDirectory: String
    /// Sockets and secrets of this pool: `<runtimeDir>/<pool>`, mode 0700.
    package let runtimeDirectory: String
    private let pool: String

    /// Names the places; nothing is created.
    package init(state: StateSettings, pool: String) {
        self.pool = pool
        stateDirectory = state.dir
        runtimeDirectory = "\(state.runtimeDir)/\(pool)"
    }

    /// The socket commands talk to the supervisor through.
    package var controlSocket: String { "\(runtimeDirectory)/\(Self.controlSocketName)" }
    /// Held by the supervisor that owns the pool on this host.
    package var lockFile: String { "\(runtimeDirectory)/lock" }
    /// All that own a pool hold.
    var lockFiles: [String] { [lockFile, stateLockFile] }
    /// Held too: whoever shares the state directory may have another runtime directory, and the same identity.
    var stateLockFile: String { "\(stateDirectory)/pools/\(pool).lock" }
    /// Where the logs of tasks are.
    package var logs: String { "\(stateDirectory)/logs" }

    /// Where the workers' sockets and secrets are.
    var workerDirectories: String { "\(runtimeDirectory)/w" }
    /// Where the directories are that tasks start in, of all pools that share the state.
    var workspaces: String { "\(stateDirectory)/workers" }
    /// Where outputs go that name no other place.
    package var outputs: String { "\(stateDirectory)/outputs" }
    /// Where the artifacts of checkpoints are kept, unless the configuration names another place.
    var checkpoints: String { "\(stateDirectory)/checkpoints" }
    /// Where scratch of failed attempts is kept.
    package var scratch: String { "\(stateDirectory)/scratch" }

    /// Where the ends of attempts are that the store has not taken yet.
    var results: String { "\(stateDirectory)/results/\(pool)" }

    /// The output of one attempt, in `ContainerLogFormat`.
    package func log(task: TaskID, attempt: Int) -> String { "\(logs)/\(task.rawValue)/\(attempt).log" }

    /// The control sockets of every pool under the runtime directory, whether anyone listens or not. Blocks for one
    /// directory listing.
    package static func controlSockets(state: StateSettings) -> [String] {
        let pools = (try? FileManager.default.contentsOfDirectory(atPath: state.runtimeDir)) ?? []
        return pools.sorted().map { "\(state.runtimeDir)/\($0)/\(controlSocketName)" }
            .filter { FileManager.default.fileExists(atPath: $0) }
    }

    private static let controlSocketName = "control.sock"

    /// Makes the directories. Blocks for a few system calls.
    ///
    /// - Throws: `state_unusable`, naming the directory and the cause.
    package func prepare() throws(SupervisorError) {
        let pools = "\(stateDirectory)/pools"
        let directories = [
            stateDirectory, pools, logs, outputs, scratch, results, runtimeDirectory, "\(runtimeDirectory)/w",
        ]
        for directory in directories {
            do {
                try FileManager.default.createDirectory(
                    atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            } catch {
                throw SupervisorError(
                    .stateUnusable, "can't make the directory \(directory): \(error.localizedDescription)",
                    hint: "choose others with state.dir and state.runtimeDir, or run as a user who may write there")
            }
        }
    }

    /// The identity of this installation, made at the first start, and why it is a new one if a copy of the directory
    /// brought another's with it.
    ///
    /// - Throws: `state_unusable`.
    func installation() throws(SupervisorError) -> InstallationFile.Identity {
        try InstallationFile(directory: stateDirectory).settle()
    }

    /// The identity of this installation, `nil` before its first supervisor started. Blocks for a few system calls.
    package var installationID: String? { InstallationFile(directory: stateDirectory).id }
}

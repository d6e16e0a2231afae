internal import Foundation
package import Settings
package import TaskModel

/// Where everything of one pool is on disk.
package struct StateLayout: Sendable {
    /// What outlives a restart.
    package let stateDirectory: String
    /// Sockets and secrets of this pool: `<runtimeDir>/<pool>`, mode 0700.
    package let runtimeDirectory: String

    /// Names the places; nothing is created.
    package init(state: StateSettings, pool: String) {
        stateDirectory = state.dir
        runtimeDirectory = "\(state.runtimeDir)/\(pool)"
    }

    /// The socket commands talk to the supervisor through.
    package var controlSocket: String { "\(runtimeDirectory)/\(Self.controlSocketName)" }
    /// Held by the supervisor that owns the pool on this host.
    package var lockFile: String { "\(runtimeDirectory)/lock" }
    /// Where the logs of tasks are.
    package var logs: String { "\(stateDirectory)/logs" }

    /// Where the workers' sockets and secrets are.
    var workerDirectories: String { "\(runtimeDirectory)/w" }
    /// Where the directories are that tasks start in, of all pools that share the state.
    var workspaces: String { "\(stateDirectory)/workers" }
    /// Where outputs go that name no other place.
    package var outputs: String { "\(stateDirectory)/outputs" }
    /// Where scratch of failed attempts is kept.
    package var scratch: String { "\(stateDirectory)/scratch" }

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
        for directory in [stateDirectory, logs, outputs, scratch, runtimeDirectory, "\(runtimeDirectory)/w"] {
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

    /// The identity of this installation, made at the first start: engines may be shared by several installations, and
    /// none may touch another's containers.
    func installationID() throws(SupervisorError) -> String {
        let path = "\(stateDirectory)/installation-id"
        if let data = FileManager.default.contents(atPath: path) {
            let id = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
            if !id.isEmpty { return id }
        }
        let id = SupervisorID.next().rawValue
        do {
            try Data("\(id)\n".utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            throw SupervisorError(
                .stateUnusable, "can't write \(path): \(error.localizedDescription)", hint: "make it writable")
        }
        return id
    }
}

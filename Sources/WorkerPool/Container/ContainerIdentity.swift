internal import Foundation
internal import Synchronization

/// Tells whether a process belongs to a container, by the kernel's word about its cgroup.
final class ContainerIdentity: Sendable {
    private let id: Mutex<String?>
    private let begun: Mutex<Bool>

    /// The identity of a container that is there, or of one that is to be made.
    init(containerID: String? = nil) {
        id = Mutex(containerID)
        begun = Mutex(containerID != nil)
    }

    /// Whether the engine was asked to create it, whatever it answered.
    var mayExist: Bool { begun.withLock { $0 } }

    func createBegins() { begun.withLock { $0 = true } }

    /// The engine's id, once there is one.
    var containerID: String? { id.withLock { $0 } }

    func set(containerID: String) { id.withLock { $0 = containerID } }

    /// Whether the process with this pid on our host is in the container. A pid of 0 can't be seen from here, as when the
    /// supervisor itself runs in a container; then only the socket's directory vouches for the peer.
    func owns(pid: Int32) -> Bool {
        guard let containerID else { return false }
        guard pid > 0 else { return true }
        guard let cgroup = KernelFile.text("/proc/\(pid)/cgroup"), let status = KernelFile.text("/proc/\(pid)/status")
        else { return false }
        return cgroup.contains(containerID) && Self.isFirstProcess(status: status)
    }

    /// Whether the text of `/proc/<pid>/status` is that of PID 1 of a pid namespace. Only the agent is: everything else in
    /// the container is the task's, and must not speak for the agent.
    static func isFirstProcess(status: String) -> Bool {
        let line = status.split(separator: "\n").first { $0.hasPrefix("NSpid:") }
        return line?.split(whereSeparator: { $0 == "\t" || $0 == " " }).last == "1"
    }
}

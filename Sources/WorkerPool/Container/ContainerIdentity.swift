internal import Foundation
internal import Synchronization

/// Tells whether a process belongs to a container, by the kernel's word about its cgroup.
final class ContainerIdentity: Sendable {
    private let id = Mutex<String?>(nil)
    private let begun = Mutex(false)

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
        guard let data = FileManager.default.contents(atPath: "/proc/\(pid)/cgroup") else { return false }
        return String(decoding: data, as: UTF8.self).contains(containerID)
    }
}

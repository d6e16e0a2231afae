internal import Foundation
internal import Glibc

/// The right to own a pool on this host: a locked file, which the kernel unlocks when the process ends, however it ends.
final class PoolLock: Sendable {
    private let descriptor: Int32

    /// Takes the lock without waiting.
    ///
    /// - Throws: `pool_busy` with the owner's pid, `state_unusable`.
    init(path: String, pool: String) throws(SupervisorError) {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw SupervisorError(.stateUnusable, "can't open \(path): \(String(cString: strerror(errno)))")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let owner = FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } ?? ""
            close(descriptor)
            throw SupervisorError(
                .poolBusy,
                "the pool \(pool) already has a supervisor on this host (pid \(owner.isEmpty ? "unknown" : owner))",
                hint: "stop it with `acode worker stop --pool \(pool)`, or choose another --pool")
        }
        self.descriptor = descriptor
        let pid = Array(String(getpid()).utf8)
        _ = ftruncate(descriptor, 0)
        _ = pid.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
    }

    /// Gives the pool up.
    func release() { close(descriptor) }
}

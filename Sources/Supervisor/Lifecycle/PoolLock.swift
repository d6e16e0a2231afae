internal import Foundation
internal import Glibc

/// The right to own a pool of an installation: locked files, which the kernel unlocks when the process ends, however it ends.
final class PoolLock: Sendable {
    private let descriptors: [Int32]

    /// Takes all the locks without waiting, in their order.
    ///
    /// - Throws: `pool_busy` with the owner's pid, `state_unusable`.
    init(paths: [String], pool: String) throws(SupervisorError) {
        var held: [Int32] = []
        do throws(SupervisorError) {
            for path in paths { held.append(try Self.take(path, pool: pool)) }
        } catch {
            Self.release(held)
            throw error
        }
        descriptors = held
    }

    private static func take(_ path: String, pool: String) throws(SupervisorError) -> Int32 {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw SupervisorError(.stateUnusable, "can't open \(path): \(String(cString: strerror(errno)))")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let cause = errno
            let owner = FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } ?? ""
            close(descriptor)
            guard cause == EWOULDBLOCK else {
                throw SupervisorError(.stateUnusable, "can't lock \(path): \(String(cString: strerror(cause)))")
            }
            throw SupervisorError(
                .poolBusy,
                "the pool \(pool) already has a supervisor on this host (pid \(owner.isEmpty ? "unknown" : owner))",
                hint: "stop it with `acode worker stop --pool \(pool)`, or choose another --pool")
        }
        let pid = Array(String(getpid()).utf8)
        _ = ftruncate(descriptor, 0)
        _ = pid.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
        return descriptor
    }

    /// Gives the pool up.
    func release() { Self.release(descriptors) }

    /// Unlocked and not only closed: a child that was just forked has the same open file until it becomes another program.
    private static func release(_ descriptors: [Int32]) {
        for descriptor in descriptors {
            flock(descriptor, LOCK_UN)
            close(descriptor)
        }
    }
}

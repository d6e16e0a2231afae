internal import Glibc
package import TaskModel
internal import WorkerPool

/// Pieces of attempts' logs, for those who can't read the files.
package enum LogPart {
    /// The most bytes of one.
    package static let size = 1 << 20

    /// What a log holds from `offset` on, at most `size`; `nil` when there is no log.
    package static func read(
        _ layout: StateLayout, task: TaskID, attempt: Int, offset: Int64
    ) async -> [UInt8]? {
        let path = layout.log(task: task, attempt: attempt)
        return await FileThread.shared.run {
            let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
            guard descriptor >= 0 else { return nil }
            defer { close(descriptor) }
            var bytes = [UInt8](repeating: 0, count: size)
            let count = pread(descriptor, &bytes, size, off_t(offset))
            bytes.removeSubrange(max(0, count)...)
            return bytes
        }
    }
}

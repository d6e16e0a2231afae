internal import Foundation
internal import Glibc

/// The file that holds a log's state. It outlives the process and not the machine, just as the attempt does.
/// All calls block for one system call; owned by one actor.
struct LogStateFile {
    private let descriptor: Int32

    /// Opens or creates the file, mode 0600; `nil` when that can't be had, which only matters after a crash.
    init?(path: String) {
        descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return nil }
    }

    /// Replaces the state. One write within one page: a process that is killed has written all of it or nothing.
    func save(_ state: LogState) {
        let bytes = state.bytes
        _ = bytes.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
    }

    /// Closes the file.
    func close() { _ = Glibc.close(descriptor) }

    /// What was saved last; `nil` when there is nothing or something else.
    static func load(_ path: String) -> LogState? {
        FileManager.default.contents(atPath: path).flatMap { LogState([UInt8]($0)) }
    }
}

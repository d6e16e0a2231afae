internal import Foundation
internal import Glibc
internal import TaskModel
internal import WorkerPool

/// The ends of attempts that the store has not taken yet, a file each, so that a supervisor that dies loses none of them.
///
/// A file is whole or not there, and is on the disk when `keep` returns. Only the owner can read it: what a command gave as
/// its result may be nobody else's business. The directory is that of one pool, whose lock keeps others away.
struct ResultSpool: Sendable {
    /// An end, and the lease that it is to be written under.
    struct Entry: Codable, Sendable, Equatable {
        var lease: Lease
        var result: AttemptResult
    }

    /// What was found.
    struct Contents: Sendable {
        /// The oldest first.
        var entries: [Entry] = []
        /// Files that are none of ours, damaged, or of another version; they were put aside.
        var unreadable: [String] = []
    }

    let directory: String

    /// Keeps an end, whatever was kept of the attempt before.
    ///
    /// - Throws: `host`, when it can't be written or that takes longer than ten seconds. Cancelling changes nothing.
    func keep(_ entry: Entry) async throws(WorkerError) {
        try await shielded { () throws(WorkerError) in try write(entry) }.get()
    }

    /// Forgets an end that needs no keeping any more.
    func remove(_ lease: Lease) async {
        _ = await shielded { () throws(WorkerError) in unlink(path(lease)) }
    }

    private func shielded<Value: Sendable>(
        _ work: @escaping @Sendable () throws(WorkerError) -> Value
    ) async -> Result<Value, WorkerError> {
        // Not a child task: whoever cancels the attempt's must not find half of this done.
        await Task {
            do throws(WorkerError) {
                return .success(try await HostFiles.results.run("the directory \(directory)", work))
            } catch {
                return .failure(error)
            }
        }.value
    }

    /// Everything that is kept. What an earlier supervisor did not write to its end is removed.
    ///
    /// - Throws: `host`, when the directory or a file in it can't be read now.
    func contents() async throws(WorkerError) -> Contents {
        try await HostFiles.results.run("the directory \(directory)") { () throws(WorkerError) in try read() }
    }

    /// When an end was kept; `nil` when it is not.
    func age(of lease: Lease) -> Duration? {
        var status = stat()
        guard lstat(path(lease), &status) == 0 else { return nil }
        return .seconds(max(0, time(nil) - status.st_mtim.tv_sec))
    }

    // MARK: Files

    private static let suffix = ".json"
    private static let draftSuffix = ".new"

    private func path(_ lease: Lease) -> String {
        let token = String(UInt64(bitPattern: lease.token), radix: 16)
        return "\(directory)/\(lease.taskID.rawValue).\(lease.attempt).\(token)\(Self.suffix)"
    }

    private func write(_ entry: Entry) throws(WorkerError) {
        let encoder = JSONEncoder()
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        guard let content = try? encoder.encode(entry) else {
            throw WorkerError(.host, "the end of an attempt can't be written as JSON")
        }
        let path = path(entry.lease)
        // Beside it first, and to the disk, so that nobody ever finds half of it under its name.
        let draft = path + Self.draftSuffix
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure(path) }
        let isWritten = Self.write([UInt8](content), to: descriptor) && fsync(descriptor) == 0
        let problem = isWritten ? nil : failure(path)
        close(descriptor)
        if let problem {
            unlink(draft)
            throw problem
        }
        guard rename(draft, path) == 0 else {
            let problem = failure(path)
            unlink(draft)
            throw problem
        }
        let parent = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard parent >= 0 else { return }
        fsync(parent)
        close(parent)
    }

    private static func write(_ content: [UInt8], to descriptor: Int32) -> Bool {
        var rest = content[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { return false }
            rest = rest.dropFirst(written)
        }
        return true
    }

    private func failure(_ path: String) -> WorkerError {
        WorkerError(.host, "can't write \(path): \(String(cString: strerror(errno)))")
    }

    private func read() throws(WorkerError) -> Contents {
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: directory)
        } catch {
            throw WorkerError(.host, "can't read \(directory): \(error.localizedDescription)")
        }
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        var found = Contents()
        // Ids of tasks sort by their time.
        for name in names.sorted() {
            let path = "\(directory)/\(name)"
            if name.hasSuffix(Self.suffix + Self.draftSuffix) { unlink(path) }
            guard name.hasSuffix(Self.suffix) else { continue }
            let content: [UInt8]?
            do throws(FileProblem) {
                content = try HeldDirectory.open(directory).content(name, limit: Self.largest)
            } catch {
                guard !Self.mayBeIntact(error) else {
                    throw WorkerError(.host, "can't read \(path): \(error.words)")
                }
                content = nil
            }
            if let content, let entry = try? decoder.decode(Entry.self, from: Data(content)),
                self.path(entry.lease) == path
            {
                found.entries.append(entry)
            } else {
                rename(path, "\(path).unreadable")
                found.unreadable.append("\(path).unreadable")
            }
        }
        return found
    }

    /// Whether a file may be whole although it can't be read now: where the system says no, and not where it is no regular
    /// file or too large.
    static func mayBeIntact(_ problem: FileProblem) -> Bool { problem.code.map { $0 != ELOOP && $0 != ENXIO } ?? false }

    /// A result file has at most 1 MiB, and JSON in JSON is longer.
    private static let largest = 16 << 20
}

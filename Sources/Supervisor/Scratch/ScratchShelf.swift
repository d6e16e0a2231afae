internal import Foundation
internal import Glibc
internal import TaskModel
internal import WorkerPool

/// The directory where scratch of failed attempts is kept: `<state>/scratch/<task>/<attempt>/` with `work`, `output` and
/// `result.json` as the attempt left them. All calls block.
struct ScratchShelf: Sendable {
    /// `<state>/scratch`.
    let root: String

    /// What one keeping came to.
    struct Kept: Equatable, Sendable {
        var path: String
        var bytes: Int64
        /// Names that could not be kept, and why not.
        var problem: String?
    }

    /// Moves what an attempt left in its worker's directories; `nil` when it left nothing.
    func keep(_ directory: WorkerDirectory, task: TaskID, attempt: Int) -> Kept? {
        let place = "\(root)/\(task.rawValue)/\(attempt)"
        do throws(FileProblem) {
            let work = try HeldDirectory.open(directory.workspace)
            let exchange = try HeldDirectory.open(directory.exchange)
            let outputs = try? exchange.directory(WorkerDirectory.outputsName)
            let left = [
                try work.names(), try exchange.names().filter { $0 != WorkerDirectory.outputsName },
                try outputs?.names() ?? [],
            ]
            guard left.contains(where: { !$0.isEmpty }) else { return nil }
            let target = try make(place)
            var problems: [FileProblem] = []
            try move(work, to: target.directory("work", creating: true), &problems)
            if let outputs {
                try move(outputs, to: target.directory(WorkerDirectory.outputsName, creating: true), &problems)
            }
            exchange.remove(WorkerDirectory.outputsName)
            try move(exchange, to: target, &problems)
            let bytes = Self.size(of: target)
            try Data("\(bytes)\n".utf8).write(to: URL(fileURLWithPath: "\(place)/\(Self.sizeFile)"), onProblem: place)
            return Kept(path: place, bytes: bytes, problem: problems.first?.words)
        } catch {
            return Kept(path: place, bytes: 0, problem: error.words)
        }
    }

    /// All that is kept.
    func entries() -> [ScratchEntry] {
        guard let root = try? HeldDirectory.open(root) else { return [] }
        var entries: [ScratchEntry] = []
        for task in (try? root.names()) ?? [] {
            guard let attempts = try? root.directory(task) else { continue }
            for attempt in (try? attempts.names()) ?? [] {
                guard let kept = try? attempts.directory(attempt), let status = attempts.status(attempt) else {
                    continue
                }
                let written = (try? kept.content(Self.sizeFile, limit: 64)).flatMap {
                    Int64(String(decoding: $0, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines))
                }
                entries.append(
                    ScratchEntry(
                        name: "\(task)/\(attempt)",
                        keptAt: Date(timeIntervalSince1970: Double(status.modified) / 1e9),
                        bytes: written ?? Self.size(of: kept)))
            }
        }
        return entries
    }

    /// Removes an entry; what is gone already is fine.
    func remove(_ entry: ScratchEntry) {
        let parts = entry.name.split(separator: "/").map(String.init)
        guard parts.count == 2, let root = try? HeldDirectory.open(root),
            let attempts = try? root.directory(parts[0])
        else { return }
        attempts.remove(parts[1])
        // Stays while it has other attempts in it.
        unlinkat(root.descriptor, parts[0], AT_REMOVEDIR)
    }

    private static let sizeFile = ".acode-size"

    private func make(_ place: String) throws(FileProblem) -> HeldDirectory {
        do {
            try FileManager.default.createDirectory(
                atPath: place, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw FileProblem("can't make \(place): \(error.localizedDescription)")
        }
        return try HeldDirectory.open(place)
    }

    private func move(
        _ from: HeldDirectory, to: HeldDirectory, _ problems: inout [FileProblem]
    ) throws(FileProblem) {
        for name in try from.names() {
            do throws(FileProblem) {
                try from.rename(name, to: to, as: name)
            } catch {
                problems.append(error)
            }
        }
    }

    /// Bytes on the disk of everything in a directory. Links are not followed.
    static func size(of directory: HeldDirectory) -> Int64 {
        ((try? directory.names()) ?? []).reduce(0) { total, name in
            guard let status = directory.status(name) else { return total }
            guard status.kind == .directory, let inner = try? directory.directory(name) else {
                return total + status.allocated
            }
            return total + status.allocated + size(of: inner)
        }
    }
}

extension Data {
    fileprivate func write(to url: URL, onProblem place: String) throws(FileProblem) {
        do { try write(to: url) } catch { throw FileProblem("can't write to \(place): \(error.localizedDescription)") }
    }
}

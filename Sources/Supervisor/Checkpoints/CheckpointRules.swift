internal import AgentProtocol
internal import Foundation
internal import TaskModel

/// What a task may save. Pure.
enum CheckpointRules {
    /// A mistake of the task's, in plain words.
    struct Mistake: Error, Equatable {
        let words: String
    }

    /// The phase and the data of a request, without white space around it.
    static func data(of save: CheckpointSave) throws(Mistake) -> String? {
        guard (1...CheckpointDraft.highestPhase).contains(save.phase) else {
            throw Mistake(words: "the phase \(save.phase) is not a number from 1 to \(CheckpointDraft.highestPhase)")
        }
        guard let data = save.data else { return nil }
        guard data.utf8.count <= CheckpointDraft.largestData else {
            throw Mistake(
                words: "the data has \(data.utf8.count) bytes; at most \(CheckpointDraft.largestData) are kept, so put "
                    + "more into an artifact")
        }
        let kept: String?
        do throws(FileProblem) {
            kept = try ResultFile.check(Array(data.utf8))
        } catch {
            throw Mistake(words: "the data can't be used: \(error.words)")
        }
        guard kept.map(StrictJSON.accepts) ?? true else {
            throw Mistake(words: "the data can't be used: it is not JSON")
        }
        return kept
    }

    /// The names of the artifacts below the output directory, which the task knows as `outputs`. One that lies in another is
    /// left out.
    static func artifacts(of save: CheckpointSave, outputs: String) throws(Mistake) -> [[String]] {
        var paths: [[String]] = []
        for written in save.artifacts { paths.append(try names(written, outputs)) }
        var kept: [[String]] = []
        for path in paths where !kept.contains(path) {
            if !paths.contains(where: { $0.count < path.count && path.starts(with: $0) }) { kept.append(path) }
        }
        return kept
    }

    private static func names(_ written: String, _ outputs: String) throws(Mistake) -> [String] {
        var path = written
        if path.hasPrefix("/") {
            guard path.hasPrefix(outputs + "/") else {
                throw Mistake(
                    words: "the artifact \(written) is not in $ACODE_OUTPUT_DIR, and only what is there is kept")
            }
            path = String(path.dropFirst(outputs.count))
        }
        let names = path.split(separator: "/").map(String.init).filter { $0 != "." }
        guard !names.isEmpty, !names.contains(".."), !path.utf8.contains(0),
            names.allSatisfy({ $0.utf8.count <= ArtifactMarker.longestName })
        else { throw Mistake(words: "the artifact \(written) is no path in $ACODE_OUTPUT_DIR") }
        return names
    }
}

extension CheckpointRules {
    /// How many checkpoints of a task may have artifacts: the last, and one before it to fall back on.
    private static let mostShelves = 2

    /// The directories of artifacts that are kept of a task with these checkpoints, the newest of which come first. The rows
    /// of those that go stay, for its history.
    static func shelvesNeeded(by checkpoints: [TaskCheckpoint]) -> Set<String> {
        Set(checkpoints.filter { !$0.isDiscarded }.compactMap(\.shelf).prefix(mostShelves))
    }
}

/// What the checkpoint file says.
enum CheckpointDocument {
    /// JSON, with the data as the task wrote it.
    static func content(_ checkpoint: TaskCheckpoint) -> [UInt8] {
        let paths = checkpoint.artifacts.map(\.path)
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        let artifacts = (try? encoder.encode(paths)).map { String(decoding: $0, as: UTF8.self) } ?? "[]"
        let time = checkpoint.updatedAt.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
        let text =
            "{\"phase\":\(checkpoint.phase),\"data\":\(checkpoint.data ?? "null"),\"updatedAt\":\"\(time)\","
            + "\"attempt\":\(checkpoint.attempt),\"artifacts\":\(artifacts)}\n"
        return Array(text.utf8)
    }
}

internal import Foundation
internal import Glibc

/// Says that an artifact is complete, in a hidden file beside it; written last. An artifact that has changed since, or
/// that something else put there, doesn't match its marker.
struct ArtifactMarker: Codable, Equatable {
    var artifact: Artifact
    /// The task and the attempt that made it.
    var task: String
    var attempt: Int

    /// The longest name an artifact can have, so that its marker's fits into the 255 bytes of a name.
    static let longestName = 200
    private static let largest = 4096

    /// The marker's name.
    static func name(of artifact: String) -> String { ".acode-\(artifact).json" }

    /// The marker of an artifact that is there, complete and as it was left; `nil` for any other. Blocks.
    static func read(_ artifact: String, in directory: HeldDirectory) -> ArtifactMarker? {
        guard let content = try? directory.content(name(of: artifact), limit: largest),
            let marker = try? JSONDecoder().decode(ArtifactMarker.self, from: Data(content)),
            let found = try? Artifact.look(at: artifact, in: directory), found == marker.artifact
        else { return nil }
        return marker
    }

    /// Writes the marker, on the disk before this returns. Blocks.
    func write(for artifact: String, in directory: HeldDirectory) throws(FileProblem) {
        let (name, temporary) = (Self.name(of: artifact), "\(Self.name(of: artifact)).new")
        directory.remove(temporary)
        let file = openat(
            directory.descriptor, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o644)
        guard file >= 0 else { throw FileProblem("can't write \(temporary)", errno) }
        defer { close(file) }
        let content = Array((try? JSONEncoder().encode(self)) ?? Data())
        guard Glibc.write(file, content, content.count) == content.count, fsync(file) == 0 else {
            let problem = FileProblem("can't write \(temporary)", errno)
            directory.remove(temporary)
            throw problem
        }
        try directory.rename(temporary, to: directory, as: name)
        try directory.flush()
    }
}

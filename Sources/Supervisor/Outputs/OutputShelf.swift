internal import Glibc
internal import TaskModel

/// Takes the outputs of a task that succeeded to their places: all are looked at first, then each is brought into its
/// directory under a hidden name, and only when that has worked for all do they get their own names. Blocks.
struct OutputShelf {
    /// Who left them.
    let task: String
    let attempt: Int
    /// Asked now and then whether to give up.
    let isOver: @Sendable () -> Bool

    /// An output that was found and is on its way.
    private struct Parcel {
        var place: OutputPlace
        var artifact: Artifact
        var target: HeldDirectory
        var name: String
        var hidden: String
    }

    /// Which of the places hold a complete artifact already.
    static func complete(_ places: [OutputPlace]) -> [OutputPlace] {
        places.filter { place in
            guard let root = try? HeldDirectory.open(place.root), let parent = try? root.parent(of: place.names),
                let name = place.names.last
            else { return false }
            return ArtifactMarker.read(name, in: parent) != nil
        }
    }

    /// Puts the outputs in `name` in the exchange directory into their places; returns what was stored, in words.
    ///
    /// - Throws: why not, in words; then no output is in its place that was not there before, unless the disk failed in
    ///   the last step, between two of them.
    func store(
        _ places: [OutputPlace], from name: String, in exchange: String
    ) throws(FileProblem) -> [String] {
        // The task may have put a link in its place.
        let source = try HeldDirectory.open(exchange).directory(name)
        var found: [(OutputPlace, Artifact)] = []
        for place in places {
            if let artifact = try look(at: place, in: source) { found.append((place, artifact)) }
        }
        var parcels: [Parcel] = []
        do throws(FileProblem) {
            for (place, artifact) in found {
                do throws(FileProblem) {
                    try bring(place, artifact, source, &parcels)
                } catch {
                    throw error.at("the output \(place.output.path) can't be put to \(place.path)")
                }
            }
            for parcel in parcels { try reveal(parcel) }
        } catch {
            for parcel in parcels { parcel.target.remove(parcel.hidden) }
            throw error
        }
        // One that is to be made anew each time need not be known again.
        for parcel in parcels where !parcel.place.output.replace {
            let artifact = Artifact.stored(parcel.artifact, as: parcel.name, in: parcel.target)
            try ArtifactMarker(artifact: artifact, task: task, attempt: attempt)
                .write(for: parcel.name, in: parcel.target)
        }
        return parcels.map { "\($0.place.output.path): \($0.artifact.words) in \($0.place.path)" }
    }

    private func look(at place: OutputPlace, in source: HeldDirectory) throws(FileProblem) -> Artifact? {
        let output = place.output
        let artifact: Artifact?
        do throws(FileProblem) {
            artifact = try place.source.last.flatMap { name throws(FileProblem) in
                try Artifact.look(at: name, in: source.parent(of: place.source))
            }
        } catch {
            guard error.code == ENOENT else { throw error.at("the output \(output.path) is refused") }
            artifact = nil
        }
        guard let artifact else {
            guard output.required else { return nil }
            throw FileProblem("it did not leave the output \(output.path) in $ACODE_OUTPUT_DIR")
        }
        guard !artifact.isEmpty || output.allowEmpty else {
            let what = artifact.kind == .file ? "an empty file" : "a directory without a file"
            throw FileProblem("the output \(output.path) is \(what); `allowEmpty: true` accepts that")
        }
        return artifact
    }

    private func bring(
        _ place: OutputPlace, _ artifact: Artifact, _ source: HeldDirectory, _ parcels: inout [Parcel]
    ) throws(FileProblem) {
        guard let name = place.names.last, let sourceName = place.source.last else { return }
        let target = try HeldDirectory.open(place.root).parent(of: place.names, creating: true)
        let hidden = ".acode-\(name).\(UInt64.random(in: 0 ... .max)).tmp"
        parcels.append(Parcel(place: place, artifact: artifact, target: target, name: name, hidden: hidden))
        let from = try source.parent(of: place.source)
        do throws(FileProblem) {
            try from.rename(sourceName, to: target, as: hidden)
        } catch {
            // Another file system, or a directory of another user that this one may not move.
            guard error.code == EXDEV || error.code == EACCES || error.code == EPERM else { throw error }
            try ArtifactCopy(isOver: isOver).copy(sourceName, from: from, to: target, as: hidden)
        }
        try Artifact.settle(hidden, in: target)
    }

    /// Gives an artifact its own name. A directory that is there can't be replaced in one step: for a moment there is
    /// none.
    private func reveal(_ parcel: Parcel) throws(FileProblem) {
        let (target, name) = (parcel.target, parcel.name)
        target.remove(ArtifactMarker.name(of: name))
        let old = target.status(name)
        let aside = ".acode-\(name).\(UInt64.random(in: 0 ... .max)).old"
        let mustStepAside = old.map { $0.kind == .directory || parcel.artifact.kind == .directory } ?? false
        if mustStepAside { try target.rename(name, to: target, as: aside) }
        try target.rename(parcel.hidden, to: target, as: name)
        try target.flush()
        if mustStepAside { target.remove(aside) }
    }
}

extension Artifact {
    /// The artifact as it is now: a copied file has a time of its own.
    fileprivate static func stored(_ artifact: Artifact, as name: String, in directory: HeldDirectory) -> Artifact {
        var artifact = artifact
        if artifact.kind == .file, let status = directory.status(name) { artifact.modified = status.modified }
        return artifact
    }

    /// In a few words.
    var words: String {
        kind == .file ? "\(bytes) bytes" : "\(files) \(files == 1 ? "file" : "files") with \(bytes) bytes"
    }
}

internal import Settings
internal import TaskModel
internal import WorkerPool

/// Where an output goes: names below a directory that is trusted.
struct OutputPlace: Sendable, Equatable {
    /// What the task promised.
    var output: OutputSpec
    /// A directory that an operator chose.
    var root: String
    /// The names from there; the last one is the artifact's.
    var names: [String]

    /// The whole path.
    var path: String { "\(root)/\(names.joined(separator: "/"))" }

    /// The names of the output's own path, below the output directory.
    var source: [String] { output.path.split(separator: "/").map(String.init) }
}

/// Decides where outputs go. Pure but for one look at each allowed directory.
struct OutputPolicy: Sendable {
    private let outputs: String
    /// The allowed directories as they are written, and where they really are.
    private let allowed: [(written: String, real: String)]

    /// The policy of a configuration. Blocks for a look at each allowed directory.
    init(settings: Settings, outputsDirectory: String) {
        outputs = outputsDirectory
        allowed = settings.outputs.allowedDirectories.map { (LexicalPath.normalised($0), MountPolicy.resolve($0)) }
    }

    /// The places of a task's outputs.
    ///
    /// - Throws: `configuration_refused` for a destination in no allowed directory.
    func places(of task: QueuedTask) throws(WorkerError) -> [OutputPlace] {
        var places: [OutputPlace] = []
        for output in task.spec.outputs ?? [] { places.append(try place(of: output, task.id)) }
        return places
    }

    private func place(of output: OutputSpec, _ task: TaskID) throws(WorkerError) -> OutputPlace {
        guard let to = output.to else {
            return OutputPlace(
                output: output, root: outputs,
                names: [task.rawValue] + output.path.split(separator: "/").map(String.init))
        }
        let path = LexicalPath.normalised(to)
        for (written, real) in allowed {
            for directory in [written, real] where path != directory && LexicalPath.isWithin(path, directory) {
                let names = path.dropFirst(directory == "/" ? 0 : directory.count).split(separator: "/")
                return OutputPlace(output: output, root: real, names: names.map(String.init))
            }
        }
        throw WorkerError(
            .configurationRefused,
            "the output \(output.path) can't go to \(path), which is in no directory that outputs may be put into "
                + "(add it to outputs.allowedDirectories)")
    }
}

extension SettingTable {
    /// `outputs`.
    static let outputs: [SettingDescriptor] = [
        .init(
            "outputs.allowedDirectories", \.outputs.allowedDirectories,
            .list(of: .text("an absolute path of this host", check: outputDirectory)),
            "The directories of this host that outputs with a destination of their own may be put into. Others are kept in "
                + "state.dir. acode writes there as the user it runs as.",
            example: .list([.text("/srv/artifacts")]))
    ]

    /// `scratch`.
    static let scratch: [SettingDescriptor] = [
        .init(
            "scratch.keep", \.scratch.keep, .choice,
            "When what an attempt left in its working and output directories is kept, in scratch below state.dir."),
        .init(
            "scratch.maxAge", \.scratch.maxAge, .duration(.zero...(.seconds(31_536_000))),
            "How long kept scratch stays."),
        .init(
            "scratch.maxTotal", \.scratch.maxTotal, .bytes(0...(1 << 50)),
            "How much kept scratch there may be; beyond that the oldest goes."),
        .init(
            "scratch.sweepInterval", \.scratch.sweepInterval, .duration(.milliseconds(100)...(.seconds(86_400))),
            "Time between two looks for kept scratch that has to go."),
    ]

    /// `checkpoints`.
    static let checkpoints: [SettingDescriptor] = [
        .init(
            "checkpoints.directory", \.checkpoints.directory,
            .text("an absolute path of this host, or \"\"", check: checkpointDirectory),
            "Where the artifacts of checkpoints are kept until their task has ended; checkpoints below state.dir while "
                + "it is empty. A directory that several hosts share, at the same path or not, lets tasks go on at any of them."
        )
    ]

    private static func checkpointDirectory(_ text: String) -> ValueMistake? {
        text.isEmpty ? nil : outputDirectory(text)
    }

    private static func outputDirectory(_ text: String) -> ValueMistake? {
        PathRules.absolute(text)
            ?? MountRules.fixed.mistake(inSource: text).map {
                ValueMistake(($0.message ?? "").replacing("mounted", with: "written to"), hint: $0.hint)
            }
    }
}

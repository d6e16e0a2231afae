internal import ArgumentParser
internal import Settings

/// How the workers of a pool are made; for commands that start one.
struct PoolOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Containers or local processes.", valueName: "docker|local"))
    var mode: String?

    @Option(help: ArgumentHelp("The image of tasks that name none.", valueName: "image"))
    var image: String?

    @Option(help: ArgumentHelp("The socket of the container engine.", valueName: "path"))
    var engineSocket: String?

    @Option(help: ArgumentHelp("When images are pulled.", valueName: "always|never|ifNotPresent"))
    var pullPolicy: String?

    @Option(help: ArgumentHelp("bridge, host, none or the name of a network.", valueName: "network"))
    var network: String?

    @Option(help: ArgumentHelp("CPU cores of one worker.", valueName: "number"))
    var cpus: String?

    @Option(help: ArgumentHelp("Memory of one worker in MiB.", valueName: "number"))
    var memoryMb: String?

    @Option(help: ArgumentHelp("Processes and threads of one worker.", valueName: "number"))
    var pids: String?

    @Option(help: ArgumentHelp("What a task may have on disk in MiB; 0 is no limit.", valueName: "number"))
    var diskMb: String?

    @Flag(help: "Leave containers in place after they are stopped.")
    var keepContainers = false

    @Flag(help: "Fail when there is no engine, instead of using local processes.")
    var noFallback = false

    /// The settings among them.
    var settingFlags: [FlagValue] {
        let texts: [(flag: String, path: String, text: String?)] = [
            ("--mode", "workers.mode", mode),
            ("--image", "workers.docker.image", image),
            ("--engine-socket", "workers.docker.socket", engineSocket),
            ("--pull-policy", "workers.docker.pullPolicy", pullPolicy),
            ("--network", "workers.docker.network", network),
            ("--cpus", "workers.docker.resources.cpus", cpus),
            ("--memory-mb", "workers.docker.resources.memoryMb", memoryMb),
            ("--pids", "workers.docker.resources.pidsLimit", pids),
            ("--disk-mb", "workers.docker.resources.diskMb", diskMb),
            ("--keep-containers", "workers.docker.keepContainers", keepContainers ? "true" : nil),
            ("--no-fallback", "workers.fallback", noFallback ? "false" : nil),
        ]
        return texts.compactMap { flag, path, text in text.map { FlagValue(flag: flag, path: path, text: $0) } }
    }
}

package import ContainerEngine
internal import Glibc
package import Settings
package import TaskModel

/// Turns a profile into the container that is created for it. Pure.
package struct ContainerBlueprint: Sendable {
    private let context: WorkerContext
    private let settings: WorkersSettings
    private let supervisorUser: UInt32

    /// The labels and paths that other parts need to know.
    package enum Label {
        /// `true` on every container of acode.
        package static let worker = "acode.worker"
        /// The worker's id.
        package static let workerID = "acode.worker.id"
        /// The pool's name.
        package static let pool = "acode.pool"
        /// The supervisor's run.
        package static let supervisor = "acode.supervisor"
        /// The installation that may remove it.
        package static let installation = "acode.installation"
        /// The program's version.
        package static let version = "acode.version"
        /// `true` on containers that stay after they stopped.
        package static let keep = "acode.keep"
    }

    /// Where the agent is mounted: a path that no image has.
    static let agentPath = "/.acode/bin/acode-agent"
    private static let temporaryDirectory = "/.acode/tmp"
    private static let exchangeDirectory = "/.acode/task"
    /// The output directory as tasks see it.
    package static let outputDirectory = "\(exchangeDirectory)/\(WorkerDirectory.outputsName)"
    static let socketDirectory = "/run/acode"
    /// Where a task finds its secrets.
    static let secretsDirectory = "/run/secrets"
    /// Restarts of a container by the engine itself; they bring workers back after the engine was restarted.
    private static let engineRestarts = 3

    /// Makes blueprints for a pool.
    package init(context: WorkerContext, settings: WorkersSettings, supervisorUser: UInt32 = geteuid()) {
        self.context = context
        self.settings = settings
        self.supervisorUser = supervisorUser
    }

    /// The container's name.
    package static func name(of worker: WorkerID) -> String { "acode-worker-\(worker.rawValue)" }

    /// What to create for a worker.
    package func configuration(
        profile: WorkerProfile, worker: WorkerID, directory: WorkerDirectory
    ) -> ContainerConfiguration {
        let docker = settings.docker
        var container = ContainerConfiguration(image: profile.image)
        container.entrypoint = [Self.agentPath]
        container.cmd = [
            "run", "--socket", "\(Self.socketDirectory)/agent.sock", "--worker-id", worker.rawValue,
            "--inherit-environment", "--refuse-escapes",
        ]
        for path in scratch(profile) { container.cmd?.append(contentsOf: ["--scratch", path]) }
        container.cmd? += [
            "--orphan-timeout", "\(Int(context.orphanTimeout / .seconds(1)))", "--stop-grace",
            "\(max(1, Int(context.stopTimeout / .seconds(1)) - 2))",
        ]
        container.env = [
            "ACODE_TEMP_DIR": Self.temporaryDirectory, "ACODE_SECRETS_DIR": Self.secretsDirectory,
            "ACODE_OUTPUT_DIR": Self.outputDirectory,
            "ACODE_RESULT_FILE": "\(Self.exchangeDirectory)/\(WorkerDirectory.resultName)",
            "ACODE_TASK_FILE": "\(Self.socketDirectory)/\(WorkerDirectory.taskName)",
            "ACODE_CHECKPOINT_FILE": "\(Self.socketDirectory)/\(WorkerDirectory.checkpointName)",
            "ACODE_STOP_FILE": "\(Self.socketDirectory)/\(WorkerDirectory.stopName)",
        ]
        container.labels = labels(worker)
        container.user = (profile.user ?? docker.user).description
        // Docker would make it first, and then give the file system in memory its mode; tasks are told where to start.
        container.workingDir = docker.resources.workTmpfsMb > 0 ? nil : docker.workdir
        container.stopSignal = "SIGTERM"
        container.stopTimeout = context.stopTimeout
        container.healthcheck = .command(
            docker.healthcheck.command.isEmpty ? [Self.agentPath, "health"] : docker.healthcheck.command,
            interval: docker.healthcheck.interval, timeout: docker.healthcheck.timeout,
            startPeriod: docker.healthcheck.startPeriod, retries: docker.healthcheck.retries)
        connect(&container, settings, profile)
        harden(&container)
        limit(&container, profile.limits)
        container.mounts = mounts(profile, directory)
        container.restartPolicy =
            settings.recycle == .always ? .no : .onFailure(maximumRetries: Self.engineRestarts)
        return container
    }

    private func labels(_ worker: WorkerID) -> [String: String] {
        var labels = [
            Label.worker: "true", Label.workerID: worker.rawValue, Label.pool: context.pool,
            Label.supervisor: context.supervisor.rawValue, Label.installation: context.installation,
            Label.version: context.version,
        ]
        if settings.docker.keepContainers { labels[Label.keep] = "true" }
        return labels
    }

    private func harden(_ container: inout ContainerConfiguration) {
        container.capDrop = ["ALL"]
        container.securityOpt = ["no-new-privileges"]
        // Also because the agent removes the shared memory that tasks leave: never anybody else's.
        container.ipcMode = "private"
        container.usernsMode = context.users.usernsMode
        container.readonlyRootfs = settings.docker.readOnlyRootFilesystem
        // Programs that insist on a temporary directory find none they can write on a read-only root.
        if container.readonlyRootfs { container.env["TMPDIR"] = Self.temporaryDirectory }
    }

    private func limit(_ container: inout ContainerConfiguration, _ limits: ResourceLimits) {
        let docker = settings.docker
        container.memory = limits.memoryBytes
        container.memorySwap = limits.memoryBytes + Int64(docker.resources.swapMb) << 20
        container.nanoCPUs = Int64((limits.cpus * 1e9).rounded())
        container.pidsLimit = Int64(limits.pidsLimit)
        container.shmSize = Int64(docker.resources.shmMb) << 20
        container.ulimits = [
            .init(name: "nofile", soft: Int64(docker.ulimits.nofile), hard: Int64(docker.ulimits.nofile)),
            .init(name: "nproc", soft: Int64(docker.ulimits.nproc), hard: Int64(docker.ulimits.nproc)),
            .init(name: "core", soft: Int64(docker.ulimits.core), hard: Int64(docker.ulimits.core)),
        ]
    }

    private func mounts(_ profile: WorkerProfile, _ directory: WorkerDirectory) -> [ContainerConfiguration.Mount] {
        var mounts: [ContainerConfiguration.Mount] = [
            .bind(source: context.agentExecutable, target: Self.agentPath, readOnly: true),
            // The directory and not the socket: a mounted socket file would be dead after the supervisor's restart.
            .bind(source: directory.agent, target: Self.socketDirectory, readOnly: true),
            .bind(source: directory.secrets, target: Self.secretsDirectory, readOnly: true),
            .bind(source: directory.exchange, target: Self.exchangeDirectory, readOnly: false),
            .tmpfs(
                target: Self.temporaryDirectory, sizeBytes: Int64(settings.docker.resources.tempMb) << 20),
        ]
        // With a read-only root these would not be writable on Docker, and without a bound on Podman.
        for path in ["/tmp", "/var/tmp"] where settings.docker.readOnlyRootFilesystem {
            if profile.mounts.contains(where: { Self.covers($0.target, path) }) { continue }
            mounts.append(.tmpfs(target: path, sizeBytes: Int64(settings.docker.resources.tempMb) << 20))
        }
        if !profile.mounts.contains(where: { $0.target == settings.docker.workdir }) {
            let size = settings.docker.resources.workTmpfsMb
            mounts.append(
                size > 0
                    ? .tmpfs(target: settings.docker.workdir, sizeBytes: Int64(size) << 20)
                    : .bind(source: directory.workspace, target: settings.docker.workdir, readOnly: false))
        }
        for mount in profile.mounts {
            mounts.append(.bind(source: mount.source, target: mount.target, readOnly: mount.readOnly))
        }
        return mounts
    }

    /// Where tasks leave temporary files: emptied after each, unless somebody mounted something there.
    private func scratch(_ profile: WorkerProfile) -> [String] {
        var places = [Self.temporaryDirectory, "/tmp", "/var/tmp", "/run", "/dev/shm", "/dev/mqueue"]
        // The supervisor empties it itself, unless it is in memory, or it has no power over files of another user, or of
        // any mode.
        if supervisorUser != 0 || settings.docker.resources.workTmpfsMb > 0 {
            places.append(settings.docker.workdir)
        }
        return places.filter { path in !profile.mounts.contains { Self.covers($0.target, path) } }
    }

    private static func covers(_ target: String, _ path: String) -> Bool {
        path == target || path.hasPrefix(target + "/")
    }
}

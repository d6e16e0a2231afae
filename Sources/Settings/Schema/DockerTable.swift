import TaskModel

extension SettingTable {
    /// `workers.docker`: where containers come from and what they are.
    static let docker: [SettingDescriptor] = [
        .init(
            "workers.docker.socket", \.workers.docker.socket, .engineSocket,
            "The engine's socket. With auto, DOCKER_HOST, CONTAINER_HOST and then the usual places of Docker and Podman "
                + "are tried."),
        .init("workers.docker.image", \.workers.docker.image, .image, "The image of tasks that name none."),
        .init("workers.docker.pullPolicy", \.workers.docker.pullPolicy, .choice, "When an image is pulled."),
        .init(
            "workers.docker.pullTimeout", \.workers.docker.pullTimeout, .duration(.seconds(1)...(.seconds(7200))),
            "How long pulling an image may take, with all retries."),
        .init(
            "workers.docker.pullIdleTimeout", \.workers.docker.pullIdleTimeout,
            .duration(.seconds(1)...(.seconds(7200))),
            "How long a pull may make no progress before it is broken off and tried again."),
        .init(
            "workers.docker.pullRetries", \.workers.docker.pullRetries, .integer(0...20),
            "Further tries after a pull that failed; what a registry refuses is not tried again."),
        .init(
            "workers.docker.pullAgainAfter", \.workers.docker.pullAgainAfter, .duration(.zero...(.seconds(86_400))),
            "With pullPolicy always: how long a pull counts before the next task that wants the image asks the registry "
                + "again."),
        .init(
            "workers.docker.registryAuth", \.workers.docker.registryAuth,
            .map(
                of: .registryLogin, expected: "registries and who logs in to each", key: NameRules.registry),
            "Who logs in to which registry, by host and port; passwordSecret names one of the secrets. A registry that "
                + "is not here is looked up in Docker's config.json and Podman's auth.json of this user.",
            example: .map([
                (
                    "registry.example.com",
                    ValueFormat.registryLogin.encode(RegistryLogin(username: "ci", passwordSecret: "api-token"))
                )
            ])),
        .init(
            "workers.docker.keepContainers", \.workers.docker.keepContainers, .boolean,
            "Whether containers stay after they are stopped, to be looked at."),
        .init(
            "workers.docker.user", \.workers.docker.user, .user,
            "Who tasks run as. Root is refused unless allowRoot is true. A supervisor that is not root takes its own user "
                + "unless another is named.", example: .text("1000:1000"), isDerived: true),
        .init(
            "workers.docker.allowRoot", \.workers.docker.allowRoot, .boolean,
            "Whether user, or that of a task, may be root, that is, have the number 0 as user or group."),
        .init(
            "workers.docker.allowEngineSocket", \.workers.docker.allowEngineSocket, .boolean,
            "Whether mounts may show the engine's socket itself. Whoever reaches it is root of this host."),
        .init(
            "workers.docker.readOnlyRootFilesystem", \.workers.docker.readOnlyRootFilesystem, .boolean,
            "Whether containers can write nowhere but in their mounts and temporary directories."),
        .init(
            "workers.docker.workdir", \.workers.docker.workdir, .path,
            "The directory in the container that tasks start in."),
        .init(
            "workers.docker.resources.cpus", \.workers.docker.resources.limits.cpus, .number(0.01...1024),
            "Cores, in fractions if need be. A task can ask for less, not for more."),
        .init(
            "workers.docker.resources.memoryMb", \.workers.docker.resources.limits.memoryMb,
            .mebibytes(6...16_777_216), "Memory. A task can ask for less, not for more."),
        .init(
            "workers.docker.resources.pidsLimit", \.workers.docker.resources.limits.pidsLimit,
            .integer(2...4_194_304), "Processes and threads together. A task can ask for less, not for more."),
        .init(
            "workers.docker.resources.shmMb", \.workers.docker.resources.shmMb, .mebibytes(1...1_048_576),
            "The size of /dev/shm. What is in it counts as memory."),
        .init(
            "workers.docker.resources.tempMb", \.workers.docker.resources.tempMb, .mebibytes(1...1_048_576),
            "The size of the temporary directory. What is in it counts as memory."),
        .init(
            "workers.docker.resources.workTmpfsMb", \.workers.docker.resources.workTmpfsMb, .mebibytes(0...1_048_576),
            "The size of a working directory in memory, where a write beyond it fails at once; what is in it counts as "
                + "memory. 0 is one on disk, which diskMb limits. Choose a workdir that the image has not, such as /work: "
                + "engines give a directory in memory the mode of the image's, and root as its owner."),
        .init(
            "workers.docker.resources.swapMb", \.workers.docker.resources.swapMb, .mebibytes(0...16_777_216),
            "Swap beside memory; 0 is none."),
        .init(
            "workers.docker.resources.diskMb", \.workers.docker.resources.diskMb, .mebibytes(0...1_073_741_824),
            "What a task may have on disk, in its working directory and in the container's own files; 0 is no limit. "
                + "It is measured about once a second, and a task that has more is killed. A task can ask for less."),
        .init(
            "workers.docker.resources.networkMbit", \.workers.docker.resources.networkMbit, .integer(0...1_000_000),
            "Network bandwidth in Mbit/s; 0 is no limit. No engine offers that, so another value only warns at the "
                + "start; what does limit is network: none, or an internal network."),
        .init(
            "workers.docker.ulimits.nofile", \.workers.docker.ulimits.nofile, .integer(64...1_048_576),
            "Open files of a process."),
        .init(
            "workers.docker.ulimits.nproc", \.workers.docker.ulimits.nproc, .integer(16...4_194_304),
            "Processes of the container's user; those of all containers with the same user count together."),
        .init(
            "workers.docker.ulimits.core", \.workers.docker.ulimits.core, .bytes(0...(1 << 40)),
            "The size of a core file; 0 writes none."),
        .init(
            "workers.docker.mounts", \.workers.docker.mounts, .mounts,
            "What every container sees of this host. The whole host, kernel directories and engine sockets are refused.",
            example: .list([ValueFormat.mount.encode(MountSpec(source: "/host/repo", target: "/workspace"))])),
        .init(
            "workers.docker.allowedMounts", \.workers.docker.allowedMounts, .list(of: allowedMount),
            "The directories of this host a task's own mounts must lie in. While it is empty tasks can mount nothing.",
            example: .list([.text("/srv/data")])),
        .init(
            "workers.docker.environment", \.workers.docker.environment, .variables,
            "Variables of every container. No secrets: everybody who may look at a container sees them.",
            example: .map([("LANG", .text("C.UTF-8"))])),
    ]

    /// `workers.docker.healthcheck` and `workers.docker.restart`.
    static let dockerWatch: [SettingDescriptor] = [
        .init(
            "workers.docker.healthcheck.command", \.workers.docker.healthcheck.command,
            .list(of: .text("a word of a command")),
            "A command that is run in every container to see whether it is well: exit code 0 is yes. While it is empty the "
                + "agent's own answer is what counts.", example: .list([.text("/usr/local/bin/check")])),
        .init(
            "workers.docker.healthcheck.interval", \.workers.docker.healthcheck.interval,
            .duration(.seconds(1)...(.seconds(3600))), "Time between two checks."),
        .init(
            "workers.docker.healthcheck.timeout", \.workers.docker.healthcheck.timeout,
            .duration(.seconds(1)...(.seconds(600))), "How long a check may take."),
        .init(
            "workers.docker.healthcheck.retries", \.workers.docker.healthcheck.retries, .integer(1...100),
            "Failed checks in a row after which a worker is replaced and its task goes back to the queue."),
        .init(
            "workers.docker.healthcheck.startPeriod", \.workers.docker.healthcheck.startPeriod,
            .duration(.zero...(.seconds(3600))), "Time after the start in which failed checks do not count."),
        .init(
            "workers.docker.restart.maxRestarts", \.workers.docker.restart.maxRestarts, .integer(0...1000),
            "Replacements within the window after which a worker is given up."),
        .init(
            "workers.docker.restart.window", \.workers.docker.restart.window,
            .duration(.seconds(1)...(.seconds(86_400))), "The time in which replacements are counted."),
        .init(
            "workers.docker.restart.backoff", \.workers.docker.restart.backoff,
            .duration(.milliseconds(10)...(.seconds(3600))),
            "Wait before the first replacement; it doubles with each further one."),
        .init(
            "workers.docker.restart.maxBackoff", \.workers.docker.restart.maxBackoff,
            .duration(.milliseconds(10)...(.seconds(86_400))), "The longest wait before a replacement."),
    ]

    private static let allowedMount = ValueFormat<String>.text("an absolute path of this host") {
        PathRules.absolute($0) ?? MountRules.fixed.mistake(inSource: $0)
    }
}

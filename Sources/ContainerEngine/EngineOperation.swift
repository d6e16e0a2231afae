/// What was asked of the engine; the raw value is a metric's label.
package enum EngineOperation: String, Sendable, CaseIterable {
    case discover, ping, info, version
    case createContainer = "create_container"
    case startContainer = "start_container"
    case stopContainer = "stop_container"
    case killContainer = "kill_container"
    case removeContainer = "remove_container"
    case inspectContainer = "inspect_container"
    case listContainers = "list_containers"
    case waitContainer = "wait_container"
    case statsContainer = "stats_container"
    case bulkStats = "bulk_stats"
    case attachContainer = "attach_container"
    case containerLogs = "container_logs"
    case createExec = "create_exec"
    case startExec = "start_exec"
    case inspectExec = "inspect_exec"
    case resizeExec = "resize_exec"
    case events
    case inspectImage = "inspect_image"
    case pullImage = "pull_image"
    case importImage = "import_image"
    case buildImage = "build_image"
    case removeImage = "remove_image"
    case listVolumes = "list_volumes"
    case createVolume = "create_volume"
    case removeVolume = "remove_volume"
    case listNetworks = "list_networks"
    case createNetwork = "create_network"
    case removeNetwork = "remove_network"

    /// In words, for messages: `create container`.
    package var words: String { String(rawValue.map { $0 == "_" ? " " : $0 }) }
}

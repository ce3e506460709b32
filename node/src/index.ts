/**
 * One client for the agent platform Nomic: upload, launch, wait, result, follow-up.
 *
 * @packageDocumentation
 */
export { AgentRun, type FollowUpOptions, type StopOptions, type UpdatesOptions, type WaitOptions } from './agent_run'
export { Agents, type AgentListOptions, type LaunchOptions, type ResumeOptions } from './agents'
export { Nomic, type AskOptions, type ClientOptions } from './client'
export { Completed, type RunOutcome } from './completed'
export {
  Emulator,
  type ClockChange,
  type EmulatedWorkflow,
  type EmulatorAccess,
  type EmulatorOptions,
  type FaultOptions,
  type FaultReport,
  type Ledger,
  type Persona,
  type RateLimits,
  type Timing,
} from './emulator'
export { Files, type FolderOptions, type SearchOptions, type UploadOptions } from './files'
export { Pages, type Page } from './pages'
export { Source, type Chunks, type UploadSource } from './source'
export type { FileOnPlatform, Image, LaunchFile, LaunchInputs, TypedImage } from './attached'
export type { Bytes } from './bytes'
export type { ReadableStreamLike } from './readers'
export { Updates } from './updates'
export { Workflows, type WorkflowListOptions } from './workflows'
export type { CallOptions, MovingOptions } from './call'
export type { ErrorFields } from './error'
export type { ErrorCode } from './errors'
export type { Json, Open } from './json'
export { version } from './platforms'

// Written by `cargo xtask records`.
export {
  ConfigError,
  InvalidInputError,
  ConnectError,
  ProxyError,
  TlsError,
  RequestTimeoutError,
  TransportError,
  ApiError,
  BadRequestError,
  AuthenticationError,
  BillingError,
  PermissionDeniedError,
  NotFoundError,
  ConflictError,
  GoneError,
  TooLargeError,
  RateLimitError,
  SpendLimitError,
  FeatureUnavailableError,
  NotConfiguredError,
  ServerError,
  ProtocolError,
  IntegrityError,
  OutcomeUnknownError,
  RunFailedError,
  RunStoppedError,
  WaitTimeoutError,
  StaleTurnError,
  SourceChangedError,
  LocalIoError,
  ClosedError,
  UnexpectedError,
  NomkitError,
} from './errors'
export { Artifact } from './records'
export type {
  Agent,
  AgentStatus,
  ArtifactKind,
  ArtifactRef,
  Column,
  Event,
  EventKind,
  EventLevel,
  File,
  FileHit,
  FileRef,
  Message,
  Progress,
  RequestedFile,
  Role,
  RunResult,
  UploadOutcome,
  Workflow,
} from './records'
// Written by hand again.

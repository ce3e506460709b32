// Written by `cargo xtask records` from the core's model. Do not edit.
/** What the platforms send. */
import type { Json, Open } from './json'
import { toError, type NomkitError } from './error'
import * as behaviour from './behaviour'

/** Where an agent stands. */
export type AgentStatus = Open<
  /** Accepted, not yet started. */
  | 'waiting'
  /** At work. */
  | 'running'
  /** Waiting for a tool of its own. */
  | 'awaiting_tool'
  /** Done. */
  | 'finished'
  /** Stopped before it was done. */
  | 'stopped'
  /** Failed; the conversation says why. */
  | 'failed'
>

/** What an artifact is. */
export type ArtifactKind = Open<
  /** A Markdown document. */
  | 'markdown'
  /** Columns and rows. */
  | 'table'
>

/** What happened. */
export type EventKind = Open<
  /** A request was answered. */
  | 'answered'
  /** A request failed, or its answer was lost. */
  | 'failed'
  /** It is sent again, after so many seconds. */
  | 'retrying'
  /** It waits for its place within the rate limit. */
  | 'throttled'
  /** The server asked all requests of a tier to pause. */
  | 'paused'
  /** What became of a request whose answer was lost is being looked for. */
  | 'recovering'
  /** It was found. */
  | 'recovered'
  /** It was not found, or cannot be told from others. */
  | 'lost'
  /** An agent that was lost turned up after another had been launched in its place. */
  | 'twin'
  /** An agent was looked at. */
  | 'looked'
  /** A list was read for many agents at once. */
  | 'swept'
  /** A turn is over, or cannot be told. */
  | 'over'
>

/** How much an event matters. */
export type EventLevel = Open<
  /** Every request, every look. */
  | 'debug'
  /** What takes longer than it should, and what came of it. */
  | 'info'
  /** What people should know of. */
  | 'warning'
>

/** Who speaks. */
export type Role = Open<
  /** The user. */
  | 'user'
  /** The agent. */
  | 'assistant'
  /** A tool that the agent used. */
  | 'tool'
  /** Something that went wrong. */
  | 'error'
>

/** A file on the platform, as an upload answers. */
export interface File {
  /** What agents are given. */
  readonly id: string
  /** The file's name. */
  readonly name: string
  /** Its media type. */
  readonly mimeType: string | null
  /** Its size in bytes. */
  readonly size: number | null
  /** `DOCUMENT` for uploaded files. */
  readonly fileType: string | null
  /** The folder that holds it; absent at the root. */
  readonly parentId: string | null
  /** What parse and extract jobs are given. */
  readonly versionId: string | null
  /** When it was uploaded. */
  readonly createdAt: Date | null
  /** Whether the answer to the upload was lost and the file found by its path. Its size and version are not known then. It never comes from the platform. */
  readonly recovered: boolean
  /** What the server sent and this version does not know. */
  readonly extra: Readonly<Record<string, Json>>
}

/** A file that a search found. */
export interface FileHit {
  /** What agents are given. */
  readonly id: string
  /** The file's name. */
  readonly name: string
  /** Its media type. */
  readonly mimeType: string | null
  /** The folder that holds it; absent at the root. */
  readonly parentId: string | null
  /** Where it stands, decoded: `Project Alpha/reports/quarterly.pdf`. Never a path of this machine. */
  readonly path: string | null
  /** What the server sent and this version does not know. */
  readonly extra: Readonly<Record<string, Json>>
}

/** A file that an agent was given. (Its fields are an assumption: the platform does not document them.) */
export interface FileRef {
  /** The file's id. */
  readonly id: string
  /** The file's name. */
  readonly name: string | null
  /** Its media type. */
  readonly mimeType: string | null
  /** What the server sent and this version does not know. */
  readonly extra: Readonly<Record<string, Json>>
}

/** Something that an agent made. (Its fields are an assumption: the platform does not document them.) */
export interface ArtifactRef {
  /** Its id, for `agents.artifact`. */
  readonly id: string
  /** Its display name; never a path of this machine. */
  readonly name: string | null
  /** Whether it is text or a table. */
  readonly kind: ArtifactKind | null
  /** When it was made. */
  readonly createdAt: Date | null
  /** When it last changed. */
  readonly updatedAt: Date | null
  /** What the server sent and this version does not know. */
  readonly extra: Readonly<Record<string, Json>>
}

/** A background agent. */
export interface Agent {
  /** Its id, for `agents.get` and `agents.attach`. */
  readonly id: string
  /** Where it stands; an unknown word counts as active. */
  readonly status: AgentStatus
  /** The workflow that it runs, if any. */
  readonly workflowId: string | null
  /** The project that it belongs to, if any. */
  readonly projectId: string | null
  /** What it made; complete once it has finished. (The fields of an artifact reference are an assumption.) */
  readonly artifacts: readonly ArtifactRef[]
  /** The files that it was given; lists may leave them out. */
  readonly files: readonly FileRef[]
  /** When it was launched. */
  readonly createdAt: Date | null
  /** When it last changed. */
  readonly updatedAt: Date | null
  /** What the server sent and this version does not know. */
  readonly extra: Readonly<Record<string, Json>>
}

/** One row of a conversation. (Its fields are an assumption, and read tolerantly.) */
export interface Message {
  /** Its id. */
  readonly id: string | null
  /** Who speaks. */
  readonly role: Role
  /** What is said. */
  readonly text: string
  /** When it was written. */
  readonly createdAt: Date | null
  /** What the server sent and this version does not know. */
  readonly extra: Readonly<Record<string, Json>>
}

/** A column of a table. */
export interface Column {
  /** The key in each row. */
  readonly id: string
  /** The heading. */
  readonly name: string | null
}

/** Something that an agent made, with its content. (Its fields are an assumption.) */
export class Artifact extends behaviour.ArtifactBehaviour {
  /** Its id. */
  declare readonly id: string
  /** Its display name; never a path of this machine. */
  declare readonly name: string | null
  /** Whether it is text or a table. */
  declare readonly kind: ArtifactKind | null
  /** The content of a document. */
  declare readonly text: string | null
  /** The columns of a table, in order; the keys of its rows where it names none. */
  declare readonly columns: readonly Column[]
  /** The rows of a table: each maps a column's id to its value. */
  declare readonly rows: readonly Readonly<Record<string, Json>>[]
  /** Why there is no content, where it could not be read with the result; `agents.artifact` reads it again. */
  declare readonly error: string | null
  /** What the server sent and this version does not know. */
  declare readonly extra: Readonly<Record<string, Json>>

  /** Its fields, as another one or a copy has them. */
  constructor(fields: Omit<Artifact, keyof behaviour.ArtifactBehaviour>) {
    super()
    Object.assign(this, fields)
  }
}

/** What a turn gave. */
export interface RunResult {
  /** The agent as it stood when the turn was over. */
  readonly agent: Agent
  /** Which turn: 1 is the launch, each follow-up the next. */
  readonly turn: number
  /** The turn's answer: its assistant rows, joined by a blank line. */
  readonly text: string
  /** The turn's rows: after its own user row, tool and error rows included. */
  readonly messages: readonly Message[]
  /** What this turn made, with content; `agent.artifacts` names those of earlier turns too. */
  readonly artifacts: readonly Artifact[]
}

/** A template that agents can be launched from. */
export interface Workflow {
  /** Its id, for launches of it. */
  readonly id: string
  /** Its name. */
  readonly name: string
  /** What it does. */
  readonly description: string | null
  /** The slots that it wants files in: the keys of a launch's `inputs`. Without any it is driven by a prompt. */
  readonly requestedFiles: readonly RequestedFile[]
  /** What the server sent and this version does not know. */
  readonly extra: Readonly<Record<string, Json>>
}

/** A slot of a workflow. */
export interface RequestedFile {
  /** Its name: the key in a launch's `inputs`. */
  readonly name: string
  /** What it expects. */
  readonly description: string | null
  /** Whether it may be left out. */
  readonly optional: boolean
  /** Whether it takes more than one file. */
  readonly multiple: boolean
  /** What the server sent and this version does not know. */
  readonly extra: Readonly<Record<string, Json>>
}

/** What became of one file of a folder. */
export interface UploadOutcome {
  /** The file's place in the folder, with `/`. */
  readonly source: string
  /** The file on the platform, if it is there. */
  readonly file: File | null
  /** Why it is not there. */
  readonly error: NomkitError | null
  /** The `source` of an earlier file with the same content, which was sent instead. */
  readonly sameAs: string | null
}

/** How far a call is. */
export interface Progress {
  /** `reading` (a stream of unknown size), `sending` and `accepted` of an upload; the agent's status of a wait; `throttled` of any of them while a request waits for the platform's limits, with `eta`. */
  readonly phase: string
  /** Bytes sent, or seconds waited. */
  readonly done: number
  /** Of how many, if that is known. */
  readonly total: number | null
  /** Bytes a second. */
  readonly rate: number | null
  /** Seconds that are left: at this rate, or until a request's turn comes. */
  readonly eta: number | null
}

/** Something that a client did, or that befell it. */
export interface Event {
  /** When, by this machine's clock. */
  readonly at: Date
  /** How much it matters. */
  readonly level: EventLevel
  /** What kind of thing it is. */
  readonly kind: EventKind
  /** The operation that it belongs to, such as `agents.launch`. */
  readonly operation: string
  /** The agent that it is about, if that is known. */
  readonly agentId: string | null
  /** What happened, for people. */
  readonly text: string
  /** Seconds that it took, or will take. */
  readonly seconds: number | null
  /** The status that the server answered. */
  readonly status: number | null
  /** Which request of its operation it was, from 1. */
  readonly attempt: number | null
  /** What the server calls the request. */
  readonly requestId: string | null
}

/* eslint-disable @typescript-eslint/no-explicit-any */
/** @internal Parsed JSON becomes records: dates, errors, and classes where a record has methods. */
export const revive = {
  File(o: any): File {
    if (o.createdAt !== null) o.createdAt = new Date(o.createdAt)
    return o
  },
  FileHit(o: any): FileHit {
    return o
  },
  FileRef(o: any): FileRef {
    return o
  },
  ArtifactRef(o: any): ArtifactRef {
    if (o.createdAt !== null) o.createdAt = new Date(o.createdAt)
    if (o.updatedAt !== null) o.updatedAt = new Date(o.updatedAt)
    return o
  },
  Agent(o: any): Agent {
    o.artifacts = o.artifacts.map(revive.ArtifactRef)
    o.files = o.files.map(revive.FileRef)
    if (o.createdAt !== null) o.createdAt = new Date(o.createdAt)
    if (o.updatedAt !== null) o.updatedAt = new Date(o.updatedAt)
    return o
  },
  Message(o: any): Message {
    if (o.createdAt !== null) o.createdAt = new Date(o.createdAt)
    return o
  },
  Column(o: any): Column {
    return o
  },
  Artifact(o: any): Artifact {
    o.columns = o.columns.map(revive.Column)
    return new Artifact(o)
  },
  RunResult(o: any): RunResult {
    o.agent = revive.Agent(o.agent)
    o.messages = o.messages.map(revive.Message)
    o.artifacts = o.artifacts.map(revive.Artifact)
    return o
  },
  Workflow(o: any): Workflow {
    o.requestedFiles = o.requestedFiles.map(revive.RequestedFile)
    return o
  },
  RequestedFile(o: any): RequestedFile {
    return o
  },
  UploadOutcome(o: any): UploadOutcome {
    if (o.file !== null) o.file = revive.File(o.file)
    if (o.error !== null) o.error = toError(o.error)
    return o
  },
  Progress(o: any): Progress {
    return o
  },
  Event(o: any): Event {
    o.at = new Date(o.at)
    return o
  },
}

/** @internal The names of options that the core spells otherwise. */
export const spelt = new Map([
  ['agent_id', 'agentId'],
  ['api_key', 'apiKey'],
  ['artifact_id', 'artifactId'],
  ['base_url', 'baseUrl'],
  ['ca_certs', 'caCerts'],
  ['file_ids', 'fileIds'],
  ['if_missing', 'ifMissing'],
  ['integration_id', 'integrationId'],
  ['page_size', 'pageSize'],
  ['parent_id', 'parentId'],
  ['project_id', 'projectId'],
  ['user_agent', 'userAgent'],
  ['without_workflow', 'withoutWorkflow'],
  ['workflow_id', 'workflowId'],
])

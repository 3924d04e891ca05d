// The one form of an error in the page: what happened, what to do, and the stable code.

/** What the server refused, or that it could not be reached (`status` 0). */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly details: Record<string, unknown> = {},
  ) {
    super(message);
  }

  get isUnreachable(): boolean {
    return this.status === 0;
  }
}

interface ErrorDocument {
  error?: { code?: string; message?: string; details?: Record<string, unknown> };
}

/** Return the error that an answer with a bad status means. */
export function errorOf(status: number, document: unknown): ApiError {
  const found = (document as ErrorDocument | undefined)?.error;
  return new ApiError(status, found?.code ?? `http.${status}`, found?.message ?? `HTTP ${status}`, found?.details ?? {});
}

/** Return anything that was thrown as an ApiError; what `fetch` throws means that nobody answered. */
export function asApiError(thrown: unknown): ApiError {
  if (thrown instanceof ApiError) return thrown;
  if (thrown instanceof TypeError) return new ApiError(0, "unreachable", "");
  return new ApiError(-1, "page", thrown instanceof Error ? thrown.message : String(thrown));
}

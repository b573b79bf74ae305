/** A photo that somebody has picked and not yet sent. */
import type { Phase } from "@/store/cases";

export interface Picked {
  /** The key that it is sent with, so that it is kept once. */
  key: string;
  phase: Phase;
  blob: Blob;
  /** Address of its picture in this page; let go when it is dropped. */
  preview: string;
}

export function letGo(photos: readonly Picked[]): void {
  for (const each of photos) URL.revokeObjectURL(each.preview);
}

/** The upload of one photo. */
export function formOf(photo: { blob: Blob; phase: Phase }): FormData {
  const form = new FormData();
  form.append("photo", photo.blob, "photo.jpg");
  form.append("phase", photo.phase);
  return form;
}
